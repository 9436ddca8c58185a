import { blobKey, layerLinkKey, type ObjectStore } from "../blobs/index.ts";
import { Believed, type Database } from "../db/index.ts";
import type { AuditLog } from "../events/index.ts";
import {
  BreakwaterError,
  type Caller,
  type Clock,
  type Digest,
  type RepositoryName,
} from "../kernel/index.ts";
import type { LinkRemoval } from "./link-removal.ts";
import { linkBlob, unlinkBlob } from "./links.ts";
import { unknownBlob } from "./refusals.ts";
import type { Repositories } from "./repositories.ts";

/** A blob that a repository holds. */
export interface LinkedBlob {
  readonly digest: Digest;
  /** Bytes. */
  readonly size: number;
  readonly key: string;
  /** True when its bytes are those of a manifest of the repository: what is said of that holds for it too. */
  readonly isManifest: boolean;
}

interface Found {
  readonly blob: LinkedBlob;
  /** When its lease is due; `Infinity` while a manifest names it. */
  readonly due: number;
}

/** Blobs as a repository shows them: shared by content, visible only where a repository links them. */
export class Blobs {
  readonly #database: Database;
  readonly #objects: ObjectStore;
  readonly #clock: Clock;
  readonly #audit: AuditLog;
  readonly #repositories: Repositories;
  readonly #links: LinkRemoval;
  readonly #lease: number;
  readonly #known: Believed<string, Found>;

  constructor(
    database: Database,
    objects: ObjectStore,
    clock: Clock,
    audit: AuditLog,
    repositories: Repositories,
    links: LinkRemoval,
    grace: number,
  ) {
    // A blob that nothing names is given a new lease by who asks for it, once a part of its grace is over.
    this.#lease = grace / 4;
    this.#known = new Believed(database, 50_000);
    this.#database = database;
    this.#objects = objects;
    this.#clock = clock;
    this.#audit = audit;
    this.#repositories = repositories;
    this.#links = links;
  }

  /** Throws BLOB_UNKNOWN when the repository does not hold it. */
  async get(name: RepositoryName, digest: Digest): Promise<LinkedBlob> {
    const found = this.#known.get(
      `${name}@${digest}`,
      () => this.#find(name, digest),
      ({ due }) => this.#clock() < due,
    );
    return (found instanceof Promise ? await found : found).blob;
  }

  async #find(name: RepositoryName, digest: Digest): Promise<Found> {
    const row = await this.#database.read
      .selectFrom("repository")
      .innerJoin("repository_blob", "repository_blob.repository_id", "repository.id")
      .innerJoin("blob", "blob.id", "repository_blob.blob_id")
      .leftJoin("manifest", (join) =>
        join
          .onRef("manifest.repository_id", "=", "repository.id")
          .onRef("manifest.digest", "=", "blob.digest"),
      )
      .select([
        "repository.id as repository_id",
        "blob.id",
        "blob.size",
        "repository_blob.orphaned_at",
        "manifest.id as manifest_id",
      ])
      .where("repository.name", "=", name)
      .where("blob.digest", "=", digest)
      .where("blob.state", "=", "live")
      .executeTakeFirst();
    if (row === undefined) throw unknownBlob(name, digest);
    const due = row.orphaned_at === null ? Number.POSITIVE_INFINITY : row.orphaned_at + this.#lease;
    if (this.#clock() >= due) await this.#revive(row.repository_id, row.id);
    const isManifest = row.manifest_id !== null;
    return { blob: { digest, size: row.size, key: blobKey(digest), isManifest }, due };
  }

  /** A client that was told "it is there" will not push it: it must still be there when the manifest comes. */
  #revive(repositoryId: number, blobId: number): Promise<unknown> {
    return this.#database.write((tx) =>
      tx
        .updateTable("repository_blob")
        .set({ orphaned_at: this.#clock() })
        .where("repository_id", "=", repositoryId)
        .where("blob_id", "=", blobId)
        .where("refs", "=", 0)
        .execute(),
    );
  }

  /** The blob's bytes, `[start, end)` where given, as the body of an answer. */
  body(blob: LinkedBlob, start?: number, end?: number): ReturnType<ObjectStore["body"]> {
    return this.#objects.body(blob.key, start, end);
  }

  /** Where the client at that address may fetch the blob by itself; null where its bytes are to be sent. */
  redirect(blob: LinkedBlob, clientAddress: string): Promise<string> | null {
    return this.#objects.redirect(blob.key, clientAddress);
  }

  /**
   * Shows in `target` a blob that `source` holds (specification 1.1, "Mounting a blob from another
   * repository"). False when it does not.
   */
  async mount(target: RepositoryName, source: string, digest: Digest): Promise<boolean> {
    return this.#database.write(async (tx) => {
      const blob = await tx
        .selectFrom("repository")
        .innerJoin("repository_blob", "repository_blob.repository_id", "repository.id")
        .innerJoin("blob", "blob.id", "repository_blob.blob_id")
        .select(["blob.id", "blob.size"])
        .where("repository.name", "=", source)
        .where("blob.digest", "=", digest)
        .where("blob.state", "=", "live")
        .executeTakeFirst();
      if (blob === undefined) return false;
      const repository = await this.#repositories.ensure(tx, target);
      await linkBlob(tx, repository, blob, this.#clock());
      await this.#objects.put(layerLinkKey(target, digest), digest);
      return true;
    });
  }

  /** The names of some repositories that hold the blob: where a mount without `from` may take it. */
  async holders(digest: Digest, limit = 100): Promise<readonly string[]> {
    const rows = await this.#database.read
      .selectFrom("blob")
      .innerJoin("repository_blob", "repository_blob.blob_id", "blob.id")
      .innerJoin("repository", "repository.id", "repository_blob.repository_id")
      .select("repository.name")
      .where("blob.digest", "=", digest)
      .limit(limit)
      .execute();
    return rows.map((row) => row.name);
  }

  /** Takes the blob out of the repository. Throws BLOB_IN_USE while a manifest there names it. */
  async delete(caller: Caller, name: RepositoryName, digest: Digest): Promise<void> {
    await this.#links.write(async (tx, removeLink) => {
      const repository = await this.#repositories.get(name, tx);
      const blob = await tx
        .selectFrom("blob")
        .innerJoin("repository_blob", "repository_blob.blob_id", "blob.id")
        .select(["blob.id", "blob.size", "repository_blob.refs"])
        .where("repository_blob.repository_id", "=", repository.id)
        .where("blob.digest", "=", digest)
        .executeTakeFirst();
      if (blob === undefined) throw unknownBlob(name, digest);
      if (blob.refs > 0) {
        throw new BreakwaterError(
          "BLOB_IN_USE",
          `${blob.refs} manifest(s) of "${name}" still need the blob ${digest}. Delete them first; the blob then goes by itself.`,
          { detail: { digest, manifests: blob.refs } },
        );
      }
      await unlinkBlob(tx, repository, blob, this.#clock());
      await this.#audit.record(tx, caller, {
        operation: "delete",
        resourceType: "blob",
        resource: `${name}@${digest}`,
        projectId: repository.projectId,
      });
      await removeLink({ kind: "layer", repository: name, digest });
    });
  }
}

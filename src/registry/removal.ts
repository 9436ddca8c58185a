import type { Database, Tx } from "../db/index.ts";
import type { AuditLog } from "../events/index.ts";
import type { Caller, Clock, Digest } from "../kernel/index.ts";
import type { LinkRemoval, RemoveLink } from "./link-removal.ts";
import { type RepositoryRef, unlinkBlob } from "./links.ts";
import type { Manifests } from "./manifests.ts";
import type { Repositories } from "./repositories.ts";
import { isIndexed, settle } from "./standing.ts";
import type { Uploads } from "./uploads.ts";

/** Work of one transaction: small, so that pushes do not wait for it. */
const batchSize = 100;

/** Removes what is made of many parts, a bounded number of them in each transaction. */
export class Removal {
  readonly #database: Database;
  readonly #links: LinkRemoval;
  readonly #clock: Clock;
  readonly #audit: AuditLog;
  readonly #repositories: Repositories;
  readonly #manifests: Manifests;
  readonly #uploads: Pick<Uploads, "cancel">;

  constructor(
    database: Database,
    links: LinkRemoval,
    clock: Clock,
    audit: AuditLog,
    repositories: Repositories,
    manifests: Manifests,
    uploads: Pick<Uploads, "cancel">,
  ) {
    this.#database = database;
    this.#links = links;
    this.#clock = clock;
    this.#audit = audit;
    this.#repositories = repositories;
    this.#manifests = manifests;
    this.#uploads = uploads;
  }

  /**
   * Deletes a manifest with its tags, and what then nothing holds on to any more: what it named as an index,
   * and what referred to it. Throws MANIFEST_UNKNOWN, and MANIFEST_IN_USE while an index names it.
   */
  async deleteArtifact(caller: Caller, name: string, digest: Digest): Promise<void> {
    const repository = await this.#repositories.get(name);
    const parts = await this.#links.write((tx, removeLink) =>
      this.#manifests.deleteIn(tx, removeLink, caller, repository, digest),
    );
    for (const queue = [...parts]; queue.length > 0; ) {
      const some = queue.splice(0, batchSize);
      const freed = await this.#links.write((tx, removeLink) =>
        this.#deleteLoose(tx, removeLink, caller, repository, some),
      );
      queue.push(...freed);
    }
  }

  async #deleteLoose(
    tx: Tx,
    removeLink: RemoveLink,
    caller: Caller,
    repository: RepositoryRef,
    ids: number[],
  ): Promise<number[]> {
    const loose = await tx
      .selectFrom("manifest")
      .select("digest")
      .where("id", "in", ids)
      .where("listed", "=", 1)
      .where("tagged", "=", 0)
      .execute();
    const parts: number[] = [];
    for (const { digest } of loose) {
      parts.push(...(await this.#manifests.deleteIn(tx, removeLink, caller, repository, digest as Digest)));
    }
    return parts;
  }

  /** Deletes a repository with all that is in it. Throws NAME_UNKNOWN. */
  async deleteRepository(caller: Caller, name: string): Promise<void> {
    const repository = await this.#repositories.get(name);
    // What is pushed meanwhile goes too.
    do {
      await this.#cancelUploads(repository);
      while (await this.#links.write((tx, removeLink) => this.#deleteTags(tx, removeLink, repository)));
      while (await this.#links.write((tx, removeLink) => this.#deleteManifests(tx, removeLink, repository)));
      while (await this.#links.write((tx, removeLink) => this.#unlinkBlobs(tx, removeLink, repository)));
    } while (!(await this.#database.write((tx) => this.#deleteRow(tx, caller, repository))));
  }

  async #cancelUploads(repository: RepositoryRef): Promise<void> {
    const uploads = await this.#database.read
      .selectFrom("upload")
      .select("id")
      .where("repository_id", "=", repository.id)
      .execute();
    for (const upload of uploads) await this.#uploads.cancel(upload);
  }

  async #deleteTags(tx: Tx, removeLink: RemoveLink, repository: RepositoryRef): Promise<boolean> {
    const tags = await tx
      .deleteFrom("tag")
      .where("id", "in", (from) =>
        from.selectFrom("tag").select("id").where("repository_id", "=", repository.id).limit(batchSize),
      )
      .returning(["name", "manifest_id"])
      .execute();
    await settle(tx, repository.id, [...new Set(tags.map((tag) => tag.manifest_id))]);
    await Promise.all(
      tags.map((tag) => removeLink({ kind: "tag", repository: repository.name, tag: tag.name })),
    );
    return tags.length === batchSize;
  }

  /** Those that no index names; when they are gone, what they named is next. */
  async #deleteManifests(tx: Tx, removeLink: RemoveLink, repository: RepositoryRef): Promise<boolean> {
    const manifests = await tx
      .selectFrom("manifest")
      .select(["id", "digest"])
      .where("repository_id", "=", repository.id)
      .where((of) => of.not(isIndexed(of)))
      .limit(batchSize)
      .execute();
    for (const { id, digest } of manifests) {
      await this.#manifests.remove(tx, removeLink, repository, id, digest as Digest);
    }
    return manifests.length > 0;
  }

  async #unlinkBlobs(tx: Tx, removeLink: RemoveLink, repository: RepositoryRef): Promise<boolean> {
    const blobs = await tx
      .selectFrom("repository_blob")
      .innerJoin("blob", "blob.id", "repository_blob.blob_id")
      .select(["blob.id", "blob.size", "blob.digest"])
      .where("repository_blob.repository_id", "=", repository.id)
      .where("repository_blob.refs", "=", 0)
      .limit(batchSize)
      .execute();
    for (const blob of blobs) await unlinkBlob(tx, repository, blob, this.#clock());
    await Promise.all(
      blobs.map(({ digest }) =>
        removeLink({ kind: "layer", repository: repository.name, digest: digest as Digest }),
      ),
    );
    return blobs.length === batchSize;
  }

  /** False when something has been pushed to it since it was emptied. */
  async #deleteRow(tx: Tx, caller: Caller, repository: RepositoryRef): Promise<boolean> {
    const { id } = repository;
    const manifest = tx.selectFrom("manifest").select("id").where("repository_id", "=", id).limit(1);
    const blob = tx.selectFrom("repository_blob").select("blob_id").where("repository_id", "=", id).limit(1);
    if ((await manifest.executeTakeFirst()) ?? (await blob.executeTakeFirst())) return false;
    const { numDeletedRows } = await tx
      .deleteFrom("repository")
      .where("id", "=", id)
      .executeTakeFirstOrThrow();
    if (numDeletedRows === 0n) return true;
    await this.#audit.record(tx, caller, {
      operation: "delete",
      resourceType: "repository",
      resource: repository.name,
      projectId: repository.projectId,
    });
    return true;
  }
}

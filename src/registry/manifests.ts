import { type ObjectStore, revisionLinkKey, tagLinkKey } from "../blobs/index.ts";
import { batches, type Database, type Tx } from "../db/index.ts";
import type { AuditLog, Events } from "../events/index.ts";
import {
  BreakwaterError,
  type Caller,
  type Clock,
  type Digest,
  digestOf,
  type RepositoryName,
} from "../kernel/index.ts";
import type { BlobIntake } from "./blob-intake.ts";
import type { LinkRemoval, RemoveLink } from "./link-removal.ts";
import { addReferences, checkRoom, dropReferences, type RepositoryRef, unindexed } from "./links.ts";
import { type ManifestDocument, parseManifest } from "./manifest-document.ts";
import { unknownManifest } from "./refusals.ts";
import type { Repositories } from "./repositories.ts";
import { removeRow, settleNew } from "./standing.ts";
import { setTag } from "./tags.ts";

/** A manifest as a client pushes it. */
export interface PushedManifest {
  readonly content: Uint8Array;
  /** The request's Content-Type. */
  readonly contentType: string;
  /** What the client says the digest is, if it does. */
  readonly digest: Digest | null;
  readonly tags: readonly string[];
  /** The repository that this server copies it from; missing of what a client pushes. */
  readonly copyOf?: RepositoryName;
}

export interface StoredManifest {
  readonly digest: Digest;
  readonly subject: Digest | null;
}

/** What an artifact's size is counted up to, far below what a number holds exactly. */
const maxTotalSize = 2 ** 52;

/** Pushing and deleting manifests. Reading them is `resolver.ts`. */
export class Manifests {
  readonly #database: Database;
  readonly #objects: ObjectStore;
  readonly #clock: Clock;
  readonly #audit: AuditLog;
  readonly #repositories: Repositories;
  readonly #intake: BlobIntake;
  readonly #events: Events;
  readonly #links: LinkRemoval;

  constructor(
    database: Database,
    objects: ObjectStore,
    clock: Clock,
    audit: AuditLog,
    repositories: Repositories,
    intake: BlobIntake,
    events: Events,
    links: LinkRemoval,
  ) {
    this.#database = database;
    this.#objects = objects;
    this.#clock = clock;
    this.#audit = audit;
    this.#repositories = repositories;
    this.#intake = intake;
    this.#events = events;
    this.#links = links;
  }

  /**
   * Stores a manifest and points the tags to it, all or nothing. Throws MANIFEST_INVALID, DIGEST_INVALID,
   * MANIFEST_BLOB_UNKNOWN when the repository lacks what it names, DENIED when the quota does not allow it.
   */
  async put(caller: Caller, name: RepositoryName, pushed: PushedManifest): Promise<StoredManifest> {
    const document = parseManifest(pushed.content, pushed.contentType);
    const digest = digestOf(pushed.content, pushed.digest?.startsWith("sha512:") ? "sha512" : "sha256");
    if (pushed.digest !== null && pushed.digest !== digest) {
      throw new BreakwaterError(
        "DIGEST_INVALID",
        `The manifest has the digest ${digest}, and was pushed as ${pushed.digest}.`,
        { detail: { expected: pushed.digest, actual: digest } },
      );
    }
    const known = await this.#database.read
      .selectFrom("manifest")
      .innerJoin("repository", "repository.id", "manifest.repository_id")
      .select("manifest.id")
      .where("repository.name", "=", name)
      .where("manifest.digest", "=", digest)
      .executeTakeFirst();
    // A tag that moves back and forth between images does not write their manifests again.
    if (known !== undefined && (await this.#retag(caller, name, digest, document, pushed))) {
      return { digest, subject: document.subject };
    }
    await this.#store(caller, name, digest, document, pushed);
    return { digest, subject: document.subject };
  }

  /** Points tags to a manifest that the repository holds; false when it has just been deleted. */
  #retag(
    caller: Caller,
    name: RepositoryName,
    digest: Digest,
    document: ManifestDocument,
    pushed: PushedManifest,
  ): Promise<boolean> {
    return this.#database.write(async (tx) => {
      const repository = await this.#repositories.get(name, tx);
      const manifest = await findManifest(tx, repository.id, digest);
      if (manifest === null) return false;
      await this.#publish(tx, caller, repository, manifest.id, digest, document, pushed);
      return true;
    });
  }

  async #store(
    caller: Caller,
    name: RepositoryName,
    digest: Digest,
    document: ManifestDocument,
    pushed: PushedManifest,
  ): Promise<void> {
    const { content } = pushed;
    await this.#foresee(name, digest, document, content.length);
    const blob = await this.#intake.put(digest, content);
    await this.#database.write(async (tx) => {
      const repository = await this.#repositories.ensure(tx, name);
      const known = await findManifest(tx, repository.id, digest);
      if (known !== null) {
        await this.#publish(tx, caller, repository, known.id, digest, document, pushed);
        return;
      }
      const { blobs, children, size } = await findReferenced(tx, repository, document);
      await this.#intake.link(tx, repository, digest, blob);
      const { id } = await tx
        .insertInto("manifest")
        .values({
          repository_id: repository.id,
          digest,
          blob_id: blob.id,
          media_type: document.mediaType,
          artifact_type: document.artifactType,
          config_media_type: document.configMediaType,
          type: document.type,
          subject_digest: document.subject,
          annotations: document.annotations === null ? null : JSON.stringify(document.annotations),
          size: content.length,
          total_size: content.length + size,
          tagged: 0,
          listed: 0,
          pushed_at: this.#clock(),
          pulled_at: null,
        })
        .returning("id")
        .executeTakeFirstOrThrow();
      await tx
        .insertInto("manifest_content")
        .values({ blob_id: blob.id, content })
        .onConflict((conflict) => conflict.column("blob_id").doNothing())
        .execute();
      await addReferences(tx, repository.id, id, [...new Set([...blobs, blob.id])]);
      for (const some of batches(children)) {
        await tx
          .insertInto("manifest_child")
          .values(some.map((child_digest) => ({ manifest_id: id, child_digest })))
          .execute();
      }
      await settleNew(tx, repository.id, id, digest);
      await this.#publish(tx, caller, repository, id, digest, document, pushed);
    });
  }

  /** Throws what the push would come to, before its bytes are in the storage: no quota counts what lies there. */
  async #foresee(
    name: RepositoryName,
    digest: Digest,
    document: ManifestDocument,
    size: number,
  ): Promise<void> {
    const { read } = this.#database;
    const repository = await this.#repositories.find(name);
    if (repository === null) {
      const needed = new Set([...document.blobs, ...document.children]);
      if (needed.size > 0) throw lacking(name, needed);
      return;
    }
    await findReferenced(read, repository, document);
    await checkRoom(read, repository.projectId, digest, size);
  }

  /** The last part of a push: the tags, the links in the storage, the record. */
  async #publish(
    tx: Tx,
    caller: Caller,
    repository: RepositoryRef,
    manifestId: number,
    digest: Digest,
    { subject }: ManifestDocument,
    { tags, copyOf }: PushedManifest,
  ): Promise<void> {
    const now = this.#clock();
    const moved = [];
    for (const name of tags) {
      const before = await setTag(tx, repository.id, name, manifestId, now);
      if (before !== digest) moved.push({ name, before });
    }
    await tx.updateTable("repository").set({ updated_at: now }).where("id", "=", repository.id).execute();
    await this.#audit.record(tx, caller, {
      operation: "push",
      resourceType: "artifact",
      resource: tags.length === 0 ? `${repository.name}@${digest}` : `${repository.name}:${tags.join(",")}`,
      projectId: repository.projectId,
      detail: digest,
    });
    const { name, projectId } = repository;
    await this.#events.emit(tx, "manifestPushed", {
      manifestId,
      projectId,
      repository: name,
      digest,
      subject,
      copyOf: copyOf ?? null,
      caller,
    });
    if (moved.length > 0) {
      await this.#events.emit(tx, "tagsMoved", { repository: name, digest, tags: moved, caller });
    }
    // Inside the transaction, so that links change in the order in which the database does.
    await this.#objects.put(revisionLinkKey(repository.name, digest), digest);
    for (const tag of tags) await this.#objects.put(tagLinkKey(repository.name, tag), digest);
  }

  /**
   * Deletes a manifest and the tags that point to it. Its content stays for the grace period. Throws
   * MANIFEST_UNKNOWN, and MANIFEST_IN_USE while an index of the repository names it.
   */
  async delete(caller: Caller, name: RepositoryName, digest: Digest): Promise<void> {
    await this.#links.write(async (tx, removeLink) => {
      const repository = await this.#repositories.get(name, tx);
      await this.deleteIn(tx, removeLink, caller, repository, digest);
    });
  }

  /** Answers the ids of the manifests that it held together: what it named as an index, and its referrers. */
  async deleteIn(
    tx: Tx,
    removeLink: RemoveLink,
    caller: Caller,
    repository: RepositoryRef,
    digest: Digest,
  ): Promise<readonly number[]> {
    const manifest = await findManifest(tx, repository.id, digest);
    if (manifest === null) throw unknownManifest(repository.name, digest);
    await refuseWhileIndexed(tx, repository, digest);
    const { tags, parts } = await this.remove(tx, removeLink, repository, manifest.id, digest);
    await this.#audit.record(tx, caller, {
      operation: "delete",
      resourceType: "artifact",
      resource: `${repository.name}@${digest}`,
      projectId: repository.projectId,
      ...(tags.length > 0 ? { detail: `with the tags ${tags.join(", ")}` } : {}),
    });
    return parts;
  }

  /** Takes a manifest that no index names out of its repository; the record is the caller's to make. */
  async remove(
    tx: Tx,
    removeLink: RemoveLink,
    repository: RepositoryRef,
    manifestId: number,
    digest: Digest,
  ): Promise<{ tags: readonly string[]; parts: readonly number[] }> {
    const rows = await tx.deleteFrom("tag").where("manifest_id", "=", manifestId).returning("name").execute();
    const tags = rows.map((row) => row.name);
    await dropReferences(tx, repository.id, manifestId, this.#clock());
    const parts = await removeRow(tx, repository.id, manifestId, digest);
    for (const tag of tags) await removeLink({ kind: "tag", repository: repository.name, tag });
    await removeLink({ kind: "revision", repository: repository.name, digest });
    return { tags, parts };
  }
}

async function findManifest(tx: Tx, repositoryId: number, digest: Digest): Promise<{ id: number } | null> {
  const row = await tx
    .selectFrom("manifest")
    .select("id")
    .where("repository_id", "=", repositoryId)
    .where("digest", "=", digest)
    .executeTakeFirst();
  return row ?? null;
}

/** What the manifest names, found in the repository; throws MANIFEST_BLOB_UNKNOWN naming what is missing. */
async function findReferenced(
  tx: Pick<Tx, "selectFrom">,
  repository: RepositoryRef,
  document: ManifestDocument,
): Promise<{ blobs: number[]; children: readonly Digest[]; size: number }> {
  const blobs: number[] = [];
  const missing = new Set<string>([...document.blobs, ...document.children]);
  let size = 0;
  for (const some of batches(document.blobs)) {
    const rows = await tx
      .selectFrom("blob")
      .innerJoin("repository_blob", "repository_blob.blob_id", "blob.id")
      .select(["blob.id", "blob.digest", "blob.size"])
      .where("repository_blob.repository_id", "=", repository.id)
      .where("blob.digest", "in", some)
      .where("blob.state", "=", "live")
      .execute();
    for (const row of rows) {
      blobs.push(row.id);
      size += row.size;
      missing.delete(row.digest);
    }
  }
  for (const some of batches(document.children)) {
    const rows = await tx
      .selectFrom("manifest")
      .select(["digest", "total_size"])
      .where("repository_id", "=", repository.id)
      .where("digest", "in", some)
      .execute();
    for (const row of rows) {
      size += row.total_size;
      missing.delete(row.digest);
    }
  }
  if (missing.size > 0) throw lacking(repository.name, missing);
  // Indexes of indexes can name the same bytes over and over.
  return { blobs, children: document.children, size: Math.min(size, maxTotalSize) };
}

function lacking(name: string, missing: ReadonlySet<string>): BreakwaterError {
  const shown = [...missing].slice(0, 10);
  return new BreakwaterError(
    "MANIFEST_BLOB_UNKNOWN",
    `The manifest names content that "${name}" lacks: ${shown.join(", ")}${missing.size > shown.length ? ` and ${missing.size - shown.length} more` : ""}. Push that first.`,
    { detail: shown.map((item) => ({ digest: item })) },
  );
}

async function refuseWhileIndexed(tx: Tx, repository: RepositoryRef, digest: Digest): Promise<void> {
  const index = await tx
    .selectFrom("manifest_child")
    .innerJoin("manifest", "manifest.id", "manifest_child.manifest_id")
    .select("manifest.digest")
    .where(unindexed("manifest.repository_id"), "=", repository.id)
    .where("manifest_child.child_digest", "=", digest)
    .executeTakeFirst();
  if (index === undefined) return;
  throw new BreakwaterError(
    "MANIFEST_IN_USE",
    `The index ${index.digest} of "${repository.name}" still needs the manifest ${digest}. Delete the index first.`,
    { detail: { digest, index: index.digest } },
  );
}

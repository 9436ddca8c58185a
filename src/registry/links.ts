import { type RawBuilder, sql } from "kysely";
import { batches, type Tx } from "../db/index.ts";
import { BreakwaterError, type Digest } from "../kernel/index.ts";
import { collectedMeanwhile } from "./refusals.ts";

/** A repository, as far as the book-keeping of its content needs it. */
export interface RepositoryRef {
  readonly id: number;
  readonly projectId: number;
  readonly name: string;
}

export interface BlobRef {
  readonly id: number;
  readonly size: number;
}

/*
 * The book-keeping of what is visible where, and of what nobody needs any more. Counters are kept by the
 * transaction that changes what they count:
 *
 *   repository_blob.refs   manifests of the repository that name the blob; 0: `orphaned_at` says since when
 *   blob.links             repositories that link the blob;                0: `orphaned_at` says since when
 *   project_blob.links     repositories of the project that link it;       0: the row goes, and
 *   project.storage_used   the bytes of the project's distinct blobs, shrinks
 */

/**
 * Makes the blob, whose bytes are in place, visible in the repository. Throws DENIED when the project's quota
 * does not allow it, and UNAVAILABLE when it was collected, its push having stalled for longer than its claim.
 */
export async function linkBlob(tx: Tx, repository: RepositoryRef, blob: BlobRef, now: number): Promise<void> {
  const present = await tx.selectFrom("blob").select("id").where("id", "=", blob.id).executeTakeFirst();
  if (present === undefined) throw collectedMeanwhile();
  const { numInsertedOrUpdatedRows: added } = await tx
    .insertInto("repository_blob")
    .values({ repository_id: repository.id, blob_id: blob.id, refs: 0, orphaned_at: now, linked_at: now })
    .onConflict((conflict) => conflict.columns(["repository_id", "blob_id"]).doNothing())
    .executeTakeFirstOrThrow();
  if (added === 0n) {
    // Named anew: its grace period begins again.
    await tx
      .updateTable("repository_blob")
      .set({ orphaned_at: now })
      .where("repository_id", "=", repository.id)
      .where("blob_id", "=", blob.id)
      .where("refs", "=", 0)
      .execute();
  } else {
    await countProjectLink(tx, repository.projectId, blob);
  }
  await tx
    .updateTable("blob")
    .set((expression) => ({
      state: "live",
      links: expression("links", "+", Number(added)),
      orphaned_at: null,
      claimed_until: null,
    }))
    .where("id", "=", blob.id)
    .execute();
}

async function countProjectLink(tx: Tx, projectId: number, blob: BlobRef): Promise<void> {
  const { links } = await tx
    .insertInto("project_blob")
    .values({ project_id: projectId, blob_id: blob.id, links: 1 })
    .onConflict((conflict) =>
      conflict.columns(["project_id", "blob_id"]).doUpdateSet({ links: sql`project_blob.links + 1` }),
    )
    .returning("links")
    .executeTakeFirstOrThrow();
  if (links > 1) return;
  await tx
    .updateTable("project")
    .set((expression) => ({ storage_used: expression("storage_used", "+", blob.size) }))
    .where("id", "=", projectId)
    .execute();
  await checkQuota(tx, projectId, 0);
}

/** Throws DENIED when the project cannot take `more` bytes. */
export async function checkQuota(tx: Pick<Tx, "selectFrom">, projectId: number, more: number): Promise<void> {
  const project = await tx
    .selectFrom("project")
    .select(["name", "storage_used", "storage_limit"])
    .where("id", "=", projectId)
    .executeTakeFirstOrThrow();
  const needed = project.storage_used + more;
  if (project.storage_limit < 0 || needed <= project.storage_limit) return;
  throw new BreakwaterError(
    "DENIED",
    `The storage quota of project "${project.name}" is exceeded: this push needs ${needed} bytes in all, and the limit is ${project.storage_limit}. Delete what is not needed, or ask an administrator for a higher quota.`,
    { detail: { project: project.name, needed, limit: project.storage_limit } },
  );
}

/** Throws DENIED when the project neither holds the blob nor has room for it. */
export async function checkRoom(
  tx: Pick<Tx, "selectFrom">,
  projectId: number,
  digest: Digest,
  size: number,
): Promise<void> {
  const held = await tx
    .selectFrom("blob")
    .innerJoin("project_blob", "project_blob.blob_id", "blob.id")
    .select("blob.id")
    .where("blob.digest", "=", digest)
    .where("project_blob.project_id", "=", projectId)
    .executeTakeFirst();
  if (held === undefined) await checkQuota(tx, projectId, size);
}

/** Takes the blob out of the repository. The blob's grace period is counted from `since`. */
export async function unlinkBlob(
  tx: Tx,
  repository: Pick<RepositoryRef, "id" | "projectId">,
  blob: BlobRef,
  since: number,
): Promise<void> {
  const { numDeletedRows } = await tx
    .deleteFrom("repository_blob")
    .where("repository_id", "=", repository.id)
    .where("blob_id", "=", blob.id)
    .executeTakeFirstOrThrow();
  if (numDeletedRows === 0n) return;
  await tx
    .updateTable("blob")
    .set({ links: sql`links - 1`, orphaned_at: onceZero("links", since) })
    .where("id", "=", blob.id)
    .execute();
  const { links } = await tx
    .updateTable("project_blob")
    .set({ links: sql`links - 1` })
    .where("project_id", "=", repository.projectId)
    .where("blob_id", "=", blob.id)
    .returning("links")
    .executeTakeFirstOrThrow();
  if (links > 0) return;
  await tx
    .deleteFrom("project_blob")
    .where("project_id", "=", repository.projectId)
    .where("blob_id", "=", blob.id)
    .execute();
  await tx
    .updateTable("project")
    .set((expression) => ({ storage_used: expression("storage_used", "-", blob.size) }))
    .where("id", "=", repository.projectId)
    .execute();
}

/** Counts one more manifest of the repository that names these blobs. */
export async function addReferences(
  tx: Tx,
  repositoryId: number,
  manifestId: number,
  blobIds: readonly number[],
): Promise<void> {
  for (const some of batches(blobIds)) {
    await tx
      .insertInto("manifest_blob")
      .values(some.map((blob_id) => ({ manifest_id: manifestId, blob_id })))
      .execute();
    await tx
      .updateTable("repository_blob")
      .set({ refs: sql`refs + 1`, orphaned_at: null })
      .where("repository_id", "=", repositoryId)
      .where("blob_id", "in", some)
      .execute();
  }
}

/** Takes back what `addReferences` counted, for a manifest that goes. */
export async function dropReferences(
  tx: Tx,
  repositoryId: number,
  manifestId: number,
  now: number,
): Promise<void> {
  await tx
    .updateTable("repository_blob")
    .set({ refs: sql`refs - 1`, orphaned_at: onceZero("refs", now) })
    .where("repository_id", "=", repositoryId)
    .where("blob_id", "in", (from) =>
      from.selectFrom("manifest_blob").select("blob_id").where("manifest_id", "=", manifestId),
    )
    .execute();
  await tx.deleteFrom("manifest_blob").where("manifest_id", "=", manifestId).execute();
}

/** `since` when the counter is about to come down to 0, else null. */
function onceZero(counter: "links" | "refs", since: number) {
  // The cast is for engines that take a parameter among such branches for text.
  return sql<number | null>`case when ${sql.ref(counter)} = 1 then cast(${since} as bigint) end`;
}

/**
 * The column, but not an index that begins with it: SQLite, which keeps no statistics here, would take one over
 * a repository's thousands of manifests for as good as one over a digest that few of them have.
 */
export function unindexed(column: string): RawBuilder<number> {
  return sql<number>`+${sql.ref(column)}`;
}

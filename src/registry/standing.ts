import { type ExpressionBuilder, sql } from "kysely";
import { batches, type Reader, type Schema, type Tx } from "../db/index.ts";
import { unindexed } from "./links.ts";

/*
 * How manifests stand in their repository. One that is tagged stands for itself; so does one that nothing
 * else of the repository holds on to. What only an index names, or only refers to a subject, shows with that:
 *
 *   manifest.tagged             a tag points to it
 *   manifest.listed             it stands for itself
 *   repository.artifact_count   how many do
 *
 * They are settled by the transaction that changes a tag, or adds or removes a manifest. Listed without a tag
 * is what nothing needs: what a collection of untagged manifests looks for.
 */

/** Works out anew how these manifests of the repository stand. */
export async function settle(tx: Tx, repositoryId: number, manifestIds: readonly number[]): Promise<void> {
  for (const some of batches(manifestIds)) {
    const rows = await tx
      .selectFrom("manifest")
      .select((of) => [
        "id",
        "tagged",
        "listed",
        isTagged(of).as("now_tagged"),
        isListed(of).as("now_listed"),
      ])
      .where("id", "in", some)
      .execute();
    let more = 0;
    for (const row of rows) {
      if (row.tagged === row.now_tagged && row.listed === row.now_listed) continue;
      more += row.now_listed - row.listed;
      await tx
        .updateTable("manifest")
        .set({ tagged: row.now_tagged, listed: row.now_listed })
        .where("id", "=", row.id)
        .execute();
    }
    await countArtifacts(tx, repositoryId, more);
  }
}

/** The manifests that do not stand as is noted. */
export function selectMisjudged(db: Reader | Tx) {
  return db
    .selectFrom("manifest")
    .innerJoin("repository", "repository.id", "manifest.repository_id")
    .select(["manifest.id", "manifest.digest", "manifest.repository_id", "repository.name"])
    .where((of) =>
      of.or([of("manifest.tagged", "!=", isTagged(of)), of("manifest.listed", "!=", isListed(of))]),
    );
}

/** Settles a manifest that is new in the repository, and what it holds together. */
export async function settleNew(tx: Tx, repositoryId: number, id: number, digest: string): Promise<void> {
  await settle(tx, repositoryId, [id, ...(await partsOf(tx, repositoryId, id, digest))]);
}

/** Deletes the manifest's row, and answers the ids of what it held together. */
export async function removeRow(
  tx: Tx,
  repositoryId: number,
  id: number,
  digest: string,
): Promise<readonly number[]> {
  const parts = await partsOf(tx, repositoryId, id, digest);
  const { listed } = await tx
    .deleteFrom("manifest")
    .where("id", "=", id)
    .returning("listed")
    .executeTakeFirstOrThrow();
  await countArtifacts(tx, repositoryId, -listed);
  await settle(tx, repositoryId, parts);
  return parts;
}

/** What an index names, and what refers to the manifest as its subject, as far as the repository has it. */
async function partsOf(tx: Tx, repositoryId: number, id: number, digest: string): Promise<number[]> {
  const children = await tx
    .selectFrom("manifest_child")
    .innerJoin("manifest as child", "child.digest", "manifest_child.child_digest")
    .select("child.id")
    .where("manifest_child.manifest_id", "=", id)
    .where("child.repository_id", "=", repositoryId)
    .execute();
  const referrers = await tx
    .selectFrom("manifest")
    .select("id")
    .where("repository_id", "=", repositoryId)
    .where("subject_digest", "=", digest)
    .execute();
  return [...new Set([...children, ...referrers].map((part) => part.id))];
}

async function countArtifacts(tx: Tx, repositoryId: number, more: number): Promise<void> {
  if (more === 0) return;
  await tx
    .updateTable("repository")
    .set((of) => ({ artifact_count: of("artifact_count", "+", more) }))
    .where("id", "=", repositoryId)
    .execute();
}

function isTagged(of: ExpressionBuilder<Schema, "manifest">) {
  return sql<number>`case when ${of.exists(tagsOf(of))} then 1 else 0 end`;
}

/** Whether an index of its repository names the manifest. */
export function isIndexed(of: ExpressionBuilder<Schema, "manifest">) {
  return of.exists(
    of
      .selectFrom("manifest_child")
      .innerJoin("manifest as parent", "parent.id", "manifest_child.manifest_id")
      .select("parent.id")
      .whereRef("manifest_child.child_digest", "=", "manifest.digest")
      .where(unindexed("parent.repository_id"), "=", of.ref("manifest.repository_id")),
  );
}

function isListed(of: ExpressionBuilder<Schema, "manifest">) {
  const subject = of
    .selectFrom("manifest as subject")
    .select(sql`1`.as("one"))
    .whereRef("subject.repository_id", "=", "manifest.repository_id")
    .whereRef("subject.digest", "=", "manifest.subject_digest");
  return sql<number>`case
    when ${of.exists(tagsOf(of))} then 1
    when ${isIndexed(of)} then 0
    when ${of.exists(subject)} then 0
    else 1 end`;
}

function tagsOf(of: ExpressionBuilder<Schema, "manifest">) {
  return of.selectFrom("tag").select(sql`1`.as("one")).whereRef("tag.manifest_id", "=", "manifest.id");
}

import type { Database } from "../db/index.ts";

/** How deep indexes may lie in one another. */
const maxDepth = 4;

/** The manifest's digest with those of the indexes that name it, directly or further up. */
export async function withIndexes(
  database: Database,
  repositoryId: number,
  digest: string,
): Promise<ReadonlySet<string>> {
  const all = new Set([digest]);
  let last = [digest];
  for (let depth = 0; depth < maxDepth && last.length > 0; depth++) {
    const rows = await database.read
      .selectFrom("manifest_child")
      .innerJoin("manifest", "manifest.id", "manifest_child.manifest_id")
      .select("manifest.digest")
      .where("manifest.repository_id", "=", repositoryId)
      .where("manifest_child.child_digest", "in", last)
      .limit(maxIndexes)
      .execute();
    last = rows.map((row) => row.digest).filter((found) => !all.has(found));
    for (const found of last) all.add(found);
  }
  return all;
}

/** Of one depth; parameters of a statement are limited. */
const maxIndexes = 200;

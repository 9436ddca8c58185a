import { batches, type Database } from "../db/index.ts";
import type { ImageNames } from "../scan/index.ts";

/** How deep indexes may lie in one another. */
const maxDepth = 4;

/**
 * An image's digest, those of the indexes that name it, directly or further up, and the tags of all of them. None is
 * left out: what is said of an index holds for what it names, and anybody who may push can make more.
 */
export async function namesOf(
  database: Database,
  repositoryId: number,
  digest: string,
): Promise<Pick<ImageNames, "digest" | "digests" | "tags">> {
  const digests = await withIndexes(database, repositoryId, digest);
  return { digest, digests, tags: await tagsOf(database, repositoryId, digests) };
}

async function withIndexes(
  database: Database,
  repositoryId: number,
  digest: string,
): Promise<ReadonlySet<string>> {
  const all = new Set([digest]);
  let last = [digest];
  for (let depth = 0; depth < maxDepth && last.length > 0; depth++) {
    const found: string[] = [];
    for (const some of batches(last)) {
      const rows = await database.read
        .selectFrom("manifest_child")
        .innerJoin("manifest", "manifest.id", "manifest_child.manifest_id")
        .select("manifest.digest")
        .where("manifest.repository_id", "=", repositoryId)
        .where("manifest_child.child_digest", "in", some)
        .execute();
      found.push(...rows.map((row) => row.digest));
    }
    last = [...new Set(found)].filter((digest) => !all.has(digest));
    for (const digest of last) all.add(digest);
  }
  return all;
}

async function tagsOf(
  database: Database,
  repositoryId: number,
  digests: ReadonlySet<string>,
): Promise<ReadonlySet<string>> {
  const tags = new Set<string>();
  for (const some of batches([...digests])) {
    const rows = await database.read
      .selectFrom("manifest")
      .innerJoin("tag", "tag.manifest_id", "manifest.id")
      .select("tag.name")
      .where("manifest.repository_id", "=", repositoryId)
      .where("manifest.digest", "in", some)
      .execute();
    for (const { name } of rows) tags.add(name);
  }
  return tags;
}

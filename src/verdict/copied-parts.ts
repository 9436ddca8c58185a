import { batches, type Database } from "../db/index.ts";

interface Part {
  readonly id: number;
  readonly digest: string;
}

/** Finds what a copy of an artifact takes along: what an index names, and what refers to any of it. */
export class CopiedParts {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async of(repositoryId: number, digest: string): Promise<readonly Part[]> {
    const found = new Map<string, Part>();
    const seen = new Set([digest]);
    for (let last: readonly string[] = [digest]; last.length > 0; ) {
      const parts: Part[] = [];
      for (const some of batches(last)) parts.push(...(await this.#below(repositoryId, some)));
      const fresh = parts.filter((part) => !seen.has(part.digest));
      for (const part of fresh) {
        seen.add(part.digest);
        found.set(part.digest, part);
      }
      last = [...new Set(fresh.map((part) => part.digest))];
    }
    return [...found.values()];
  }

  #below(repositoryId: number, digests: readonly string[]): Promise<Part[]> {
    return this.#database.read
      .selectFrom("manifest")
      .select(["id", "digest"])
      .where("repository_id", "=", repositoryId)
      .where((where) =>
        where.or([
          where("subject_digest", "in", digests),
          where(
            "digest",
            "in",
            where
              .selectFrom("manifest_child")
              .innerJoin("manifest as parent", "parent.id", "manifest_child.manifest_id")
              .select("manifest_child.child_digest")
              .where("parent.repository_id", "=", repositoryId)
              .where("parent.digest", "in", digests),
          ),
        ]),
      )
      .execute();
  }
}

import { batches, type Database } from "../db/index.ts";
import { type Trust, type TrustStatus, together } from "../trust/index.ts";

/** How deep indexes may lie in one another for a child to be found signed. */
const maxDepth = 4;

/** Says of artifacts that are asked for by their digests whether they are signed. */
export class DigestStatuses {
  readonly #database: Database;
  readonly #trust: Pick<Trust, "statuses">;

  constructor(database: Database, trust: Pick<Trust, "statuses">) {
    this.#database = database;
    this.#trust = trust;
  }

  /**
   * The status of each digest: signed under any tag; or part of an index that is, for who signs an index signs what
   * it names. What it costs in queries does not depend on how many there are.
   */
  async of(
    repository: { readonly id: number; readonly name: string },
    digests: readonly string[],
  ): Promise<ReadonlyMap<string, TrustStatus>> {
    const found = new Map(await this.#trust.statuses.ofDigests(repository.name, digests));
    // Which of the digests that nobody has signed themselves each index holds, directly or further down.
    let below = new Map<string, ReadonlySet<string>>();
    for (const [digest, { state }] of found) if (isOpen(state)) below.set(digest, new Set([digest]));
    for (let depth = 0; depth < maxDepth && below.size > 0; depth++) {
      const parents = await this.#parents(repository.id, below);
      const statuses = await this.#trust.statuses.ofDigests(repository.name, [...parents.keys()]);
      for (const [parent, digests] of parents) {
        const status = statuses.get(parent);
        if (status === undefined) continue;
        for (const digest of digests) {
          const own = found.get(digest);
          found.set(digest, own === undefined ? status : together([own, status]));
        }
      }
      below = parents;
      for (const [parent, { state }] of statuses) if (!isOpen(state)) below.delete(parent);
    }
    return found;
  }

  /** The indexes that name these, each with all that lies below it. */
  async #parents(
    repositoryId: number,
    below: ReadonlyMap<string, ReadonlySet<string>>,
  ): Promise<Map<string, Set<string>>> {
    const parents = new Map<string, Set<string>>();
    for (const some of batches([...below.keys()])) {
      const rows = await this.#database.read
        .selectFrom("manifest_child")
        .innerJoin("manifest", "manifest.id", "manifest_child.manifest_id")
        .select(["manifest.digest", "manifest_child.child_digest"])
        .where("manifest.repository_id", "=", repositoryId)
        .where("manifest_child.child_digest", "in", some)
        .execute();
      for (const { digest, child_digest } of rows) {
        const held = parents.get(digest) ?? new Set();
        for (const digest of below.get(child_digest) ?? []) held.add(digest);
        parents.set(digest, held);
      }
    }
    return parents;
  }
}

/** Whether an index may still say better. */
function isOpen(state: TrustStatus["state"]): boolean {
  return state === "unsigned" || state === "expired";
}

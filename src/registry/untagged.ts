import { sql } from "kysely";
import { batches, type Database } from "../db/index.ts";
import { type Digest, systemCaller } from "../kernel/index.ts";
import type { LinkRemoval } from "./link-removal.ts";
import { unindexed } from "./links.ts";
import type { Manifests } from "./manifests.ts";

/** Work of one transaction: small, so that pushes do not wait for it. */
const batchSize = 50;

/**
 * Manifests that nothing needs: without a tag, not named by an index, not referring to a manifest that is
 * there. How each stands is kept by every change (`standing.ts`), and an index lists just these.
 */
export class Untagged {
  readonly #database: Database;
  readonly #links: LinkRemoval;
  readonly #manifests: Manifests;

  constructor(database: Database, links: LinkRemoval, manifests: Manifests) {
    this.#database = database;
    this.#links = links;
    this.#manifests = manifests;
  }

  /** Deletes some that were pushed before `cutoff`; answers how many, 0 when none is left. */
  async deleteSome(cutoff: number): Promise<number> {
    return this.#links.write(async (tx, removeLink) => {
      const manifests = await tx
        .selectFrom("manifest")
        .innerJoin("repository", "repository.id", "manifest.repository_id")
        .select(["manifest.digest", "repository.id", "repository.project_id", "repository.name"])
        .where(loose)
        .where("manifest.pushed_at", "<=", cutoff)
        .limit(batchSize)
        .execute();
      for (const { digest, id, project_id, name } of manifests) {
        const repository = { id, projectId: project_id, name };
        await this.#manifests.deleteIn(tx, removeLink, systemCaller, repository, digest as Digest);
      }
      return manifests.length;
    });
  }

  /** How many `deleteSome` would delete until none is left, with those that only others' deletion sets free. */
  async count(cutoff: number): Promise<number> {
    const rows = await this.#database.read
      .selectFrom("manifest")
      .select("id")
      .where(loose)
      .where("pushed_at", "<=", cutoff)
      .execute();
    const doomed = new Set(rows.map((row) => row.id));
    for (let last: readonly number[] = [...doomed]; last.length > 0; ) {
      const parts: Part[] = [];
      for (const some of batches(last)) parts.push(...(await this.#partsOf(some, cutoff)));
      last = await this.#freed(parts, doomed);
      for (const id of last) doomed.add(id);
    }
    return doomed.size;
  }

  /** What these hold together and nothing else would hold, as far as tags and age go. */
  async #partsOf(ids: readonly number[], cutoff: number): Promise<readonly Part[]> {
    const holders = this.#database.read.selectFrom("manifest as holder").where("holder.id", "in", [...ids]);
    const children = holders
      .innerJoin("manifest_child", "manifest_child.manifest_id", "holder.id")
      // In this order, as SQLite takes a cross join to be meant.
      .crossJoin("manifest")
      .whereRef("manifest.digest", "=", "manifest_child.child_digest");
    const referrers = holders.innerJoin("manifest", "manifest.subject_digest", "holder.digest");
    const found: Part[] = [];
    for (const parts of [children, referrers]) {
      found.push(
        ...(await parts
          .select(["manifest.id", "manifest.repository_id", "manifest.digest", "manifest.subject_digest"])
          .whereRef("manifest.repository_id", "=", "holder.repository_id")
          .where("manifest.tagged", "=", 0)
          .where("manifest.pushed_at", "<=", cutoff)
          .execute()),
      );
    }
    return [...new Map(found.map((part) => [part.id, part])).values()];
  }

  /** Those of the parts that only what is doomed holds. */
  async #freed(parts: readonly Part[], doomed: ReadonlySet<number>): Promise<readonly number[]> {
    const freed: number[] = [];
    for (const part of parts) {
      if (doomed.has(part.id)) continue;
      const indexes = await this.#database.read
        .selectFrom("manifest_child")
        .innerJoin("manifest", "manifest.id", "manifest_child.manifest_id")
        .select("manifest.id")
        .where("manifest_child.child_digest", "=", part.digest)
        .where(unindexed("manifest.repository_id"), "=", part.repository_id)
        .execute();
      const subjects = await this.#database.read
        .selectFrom("manifest")
        .select("id")
        .where("repository_id", "=", part.repository_id)
        .where("digest", "=", part.subject_digest)
        .execute();
      if ([...indexes, ...subjects].every(({ id }) => doomed.has(id))) freed.push(part.id);
    }
    return freed;
  }
}

interface Part {
  readonly id: number;
  readonly repository_id: number;
  readonly digest: string;
  readonly subject_digest: string | null;
}

/** In these very words, so that the engine finds the index of just these. */
const loose = sql<boolean>`manifest.listed = 1 and manifest.tagged = 0`;

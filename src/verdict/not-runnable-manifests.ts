import type { Database } from "../db/index.ts";
import { Lru } from "../kernel/index.ts";
import { isNotRunnable } from "./not-runnable.ts";

/** Manifests that are read at once: each may have 4 MiB. */
const batchSize = 8;

/** Knows which stored manifests cannot be run. What a manifest is never changes, so it is remembered by digest. */
export class NotRunnableManifests {
  readonly #database: Database;
  readonly #known = new Lru<string, boolean>(50_000);

  constructor(database: Database) {
    this.#database = database;
  }

  /** The ids of those that cannot be run. */
  async among(
    manifests: readonly { readonly id: number; readonly digest: string }[],
  ): Promise<ReadonlySet<number>> {
    const found = new Set<number>();
    const unknown: number[] = [];
    for (const { id, digest } of manifests) {
      const known = this.#known.get(digest);
      if (known === undefined) unknown.push(id);
      else if (known) found.add(id);
    }
    for (let from = 0; from < unknown.length; from += batchSize) {
      for (const { id, digest, content } of await this.#read(unknown.slice(from, from + batchSize))) {
        const notRunnable = isNotRunnable(content);
        this.#known.set(digest, notRunnable);
        if (notRunnable) found.add(id);
      }
    }
    return found;
  }

  #read(ids: readonly number[]) {
    return this.#database.read
      .selectFrom("manifest")
      .innerJoin("manifest_content", "manifest_content.blob_id", "manifest.blob_id")
      .select(["manifest.id", "manifest.digest", "manifest_content.content"])
      .where("manifest.id", "in", ids)
      .execute();
  }
}

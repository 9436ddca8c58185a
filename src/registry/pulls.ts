import { sql } from "kysely";
import type { Database } from "../db/index.ts";
import type { Clock } from "../kernel/index.ts";
import type { ResolvedManifest } from "./resolver.ts";

/** By the row's id: a number of times, or when it was last. */
type Counts = ReadonlyMap<number, number>;

/** Counts pulls and when things were last pulled; written together, because pulls outnumber all else. */
export class PullCounter {
  readonly #database: Database;
  readonly #clock: Clock;
  #repositories = new Map<number, number>();
  #manifests = new Map<number, number>();
  #tags = new Map<number, number>();

  constructor(database: Database, clock: Clock) {
    this.#database = database;
    this.#clock = clock;
  }

  count(manifest: ResolvedManifest): void {
    const now = this.#clock();
    this.#repositories.set(manifest.repositoryId, (this.#repositories.get(manifest.repositoryId) ?? 0) + 1);
    this.#manifests.set(manifest.manifestId, now);
    if (manifest.tagId !== null) this.#tags.set(manifest.tagId, now);
  }

  /** Writes what was counted. If that fails, it is kept for the next time. */
  async flush(): Promise<void> {
    if (this.#repositories.size === 0) return;
    const taken = [this.#repositories, this.#manifests, this.#tags] as const;
    [this.#repositories, this.#manifests, this.#tags] = [new Map(), new Map(), new Map()];
    try {
      await this.#write(...taken);
    } catch (error) {
      const [repositories, manifests, tags] = taken;
      for (const [id, times] of this.#repositories) repositories.set(id, (repositories.get(id) ?? 0) + times);
      this.#repositories = repositories;
      this.#manifests = new Map([...manifests, ...this.#manifests]);
      this.#tags = new Map([...tags, ...this.#tags]);
      throw error;
    }
  }

  async #write(repositories: Counts, manifests: Counts, tags: Counts): Promise<void> {
    await this.#database.write(async (tx) => {
      for (const [id, times] of repositories) {
        await tx
          .updateTable("repository")
          .set({ pull_count: sql`pull_count + ${times}` })
          .where("id", "=", id)
          .execute();
      }
      for (const [id, at] of manifests) {
        await tx.updateTable("manifest").set({ pulled_at: at }).where("id", "=", id).execute();
      }
      for (const [id, at] of tags) {
        await tx.updateTable("tag").set({ pulled_at: at }).where("id", "=", id).execute();
      }
    });
  }
}

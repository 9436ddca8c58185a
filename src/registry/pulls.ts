import { sql } from "kysely";
import type { Database } from "../db/index.ts";
import type { Clock } from "../kernel/index.ts";
import type { ResolvedManifest } from "./resolver.ts";

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

  async flush(): Promise<void> {
    if (this.#repositories.size === 0) return;
    const [repositories, manifests, tags] = [this.#repositories, this.#manifests, this.#tags];
    [this.#repositories, this.#manifests, this.#tags] = [new Map(), new Map(), new Map()];
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

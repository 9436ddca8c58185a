import type { Database, FeedTable, Tx } from "../../db/index.ts";
import type { AuditLog } from "../../events/index.ts";
import { type Clock, systemCaller } from "../../kernel/index.ts";
import type { Feed } from "./feed.ts";
import { nextAttempt, nextLook } from "./schedule.ts";

/** So many failures in a row are told of in the audit log. */
const alarmAfter = 3;

/** How a look at a feed ended: with what to ask next time, or with a sentence. */
export type Look =
  | { readonly name: string; readonly revision: string | null }
  | { readonly name: string; readonly error: string };

/** How the feeds fare: one row each, as the last look left it. */
export class FeedStates {
  readonly #database: Database;
  readonly #clock: Clock;
  readonly #audit: Pick<AuditLog, "record">;

  constructor(database: Database, clock: Clock, audit: Pick<AuditLog, "record">) {
    this.#database = database;
    this.#clock = clock;
    this.#audit = audit;
  }

  async all(): Promise<ReadonlyMap<string, FeedTable>> {
    const rows = await this.#database.read.selectFrom("feed").selectAll().execute();
    return new Map(rows.map((row) => [row.name, row]));
  }

  /** Those whose time has come. */
  async due(feeds: readonly Feed[]): Promise<readonly Feed[]> {
    const states = await this.all();
    const now = this.#clock();
    return feeds.filter((feed) => feed.enabled && isDue(feed, states.get(feed.name), now));
  }

  /** Before a look: should the process die in it, the next one waits as after a failure. */
  async begin(feeds: readonly Feed[]): Promise<void> {
    const now = this.#clock();
    await this.#database.write(async (tx) => {
      for (const { name } of feeds) {
        const failures = (await rowOf(tx, name))?.failures ?? 0;
        await save(tx, name, { last_attempt_at: now, next_attempt_at: nextAttempt(failures + 1, now) });
      }
    });
  }

  /** After it. */
  async endIn(tx: Tx, feed: Feed, look: Look): Promise<void> {
    const { name } = feed;
    const now = this.#clock();
    const failures = (await rowOf(tx, name))?.failures ?? 0;
    if ("error" in look) {
      const { error } = look;
      await save(tx, name, {
        failures: failures + 1,
        error,
        next_attempt_at: nextAttempt(failures + 1, now),
      });
      if (failures + 1 === alarmAfter) await this.#record(tx, name, "fail", error);
      return;
    }
    await save(tx, name, {
      last_success_at: now,
      failures: 0,
      error: null,
      next_attempt_at: nextLook(feed.schedule, now),
      revision: look.revision,
    });
    if (failures >= alarmAfter) await this.#record(tx, name, "recover", `After ${failures} failures.`);
  }

  /** What an imported database brings: when others last looked, and nothing to ask a source with. */
  async importIn(tx: Tx, looks: ReadonlyMap<string, number>): Promise<void> {
    for (const [name, at] of looks) {
      await save(tx, name, { last_success_at: at, failures: 0, error: null, revision: null });
    }
  }

  async #record(tx: Tx, name: string, operation: "fail" | "recover", detail: string): Promise<void> {
    await this.#audit.record(tx, systemCaller, {
      operation,
      resourceType: "vulnerability-feed",
      resource: name,
      projectId: null,
      outcome: operation === "fail" ? "failure" : "success",
      detail,
    });
  }
}

/** By its schedule after a good look, which a new configuration changes at once; else when it is tried again. */
function isDue(feed: Feed, row: FeedTable | undefined, now: number): boolean {
  if (row === undefined) return true;
  const { last_success_at: success, last_attempt_at: attempt } = row;
  const unfinished = success === null || (attempt ?? 0) > success;
  const next = row.failures > 0 || unfinished ? row.next_attempt_at : nextLook(feed.schedule, success);
  return next === null ? unfinished : next <= now;
}

function rowOf(tx: Tx, name: string): Promise<FeedTable | undefined> {
  return tx.selectFrom("feed").selectAll().where("name", "=", name).executeTakeFirst();
}

async function save(tx: Tx, name: string, change: Partial<Omit<FeedTable, "name">>): Promise<void> {
  await tx
    .insertInto("feed")
    .values({ name, failures: 0, ...change })
    .onConflict((conflict) => conflict.column("name").doUpdateSet(change))
    .execute();
}

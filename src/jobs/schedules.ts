import { Cron } from "croner";
import type { Database } from "../db/index.ts";
import { BreakwaterError, type Clock } from "../kernel/index.ts";
import type { JobParameters } from "./job.ts";
import type { JobQueue } from "./queue.ts";

/** When a kind of job runs by itself. `type` is Harbor's word for it; `cron` has six fields, in UTC. */
export interface Schedule {
  readonly type: "Hourly" | "Daily" | "Weekly" | "Custom" | "None";
  readonly cron: string;
  readonly parameters: JobParameters;
}

/** The schedules, in the database: whichever process looks first after a time has come submits the job. */
export class Schedules {
  readonly #database: Database;
  readonly #queue: JobQueue;
  readonly #clock: Clock;

  constructor(database: Database, queue: JobQueue, clock: Clock) {
    this.#database = database;
    this.#queue = queue;
    this.#clock = clock;
  }

  async get(kind: string): Promise<Schedule | null> {
    const row = await this.#database.read
      .selectFrom("schedule")
      .select(["type", "cron", "parameters"])
      .where("kind", "=", kind)
      .executeTakeFirst();
    if (row === undefined) return null;
    return {
      type: row.type as Schedule["type"],
      cron: row.cron,
      parameters: JSON.parse(row.parameters),
    };
  }

  /** Throws BAD_REQUEST when the cron expression is not one. */
  async set(kind: string, schedule: Schedule): Promise<void> {
    const row = this.#row(kind, schedule);
    await this.#database.write((tx) =>
      tx
        .insertInto("schedule")
        .values(row)
        .onConflict((conflict) => conflict.column("kind").doUpdateSet(row))
        .execute(),
    );
  }

  /** The schedule a kind has from the start; what people set later is left alone. */
  async ensure(kind: string, schedule: Schedule): Promise<void> {
    await this.#database.write((tx) =>
      tx
        .insertInto("schedule")
        .values(this.#row(kind, schedule))
        .onConflict((conflict) => conflict.column("kind").doNothing())
        .execute(),
    );
  }

  /** Submits what has come due. */
  async tick(): Promise<void> {
    const now = this.#clock();
    const due = await this.#database.read
      .selectFrom("schedule")
      .select("kind")
      .where("next_at", "<=", now)
      .execute();
    for (const { kind } of due) {
      await this.#database.write(async (tx) => {
        const row = await tx
          .selectFrom("schedule")
          .select(["cron", "parameters"])
          .where("kind", "=", kind)
          .where("next_at", "<=", now)
          .executeTakeFirst();
        if (row === undefined) return;
        await tx
          .updateTable("schedule")
          .set({ next_at: nextRun(row.cron, now) })
          .where("kind", "=", kind)
          .execute();
        await this.#queue.submitIn(tx, kind, JSON.parse(row.parameters), "schedule");
      });
    }
  }

  #row(kind: string, { type, cron, parameters }: Schedule) {
    const now = this.#clock();
    return {
      kind,
      type,
      cron,
      parameters: JSON.stringify(parameters),
      next_at: type === "None" ? null : nextRun(cron, now),
      updated_at: now,
    };
  }
}

/** The next time after `now` that the expression names; null when there is none. */
export function nextRun(cron: string, now: number): number | null {
  try {
    return new Cron(cron, { timezone: "UTC" }).nextRun(new Date(now))?.getTime() ?? null;
  } catch (cause) {
    throw new BreakwaterError(
      "BAD_REQUEST",
      `"${cron}" is not a schedule: expected a cron expression of six fields, such as "0 0 3 * * *".`,
      { cause },
    );
  }
}

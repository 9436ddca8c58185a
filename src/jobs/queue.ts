import { type Selectable, sql } from "kysely";
import type { Database, JobTable, Tx } from "../db/index.ts";
import { BreakwaterError, type Clock, minute } from "../kernel/index.ts";
import type { Job, JobParameters, JobState, JobTrigger } from "./job.ts";

/** How long a runner may be silent before another takes its job over. */
const lease = 2 * minute;
/** A job that killed its runner this often is given up. */
const maxAttempts = 3;

/** The durable queue: one row a job, leased to one runner at a time, whichever process it lives in. */
export class JobQueue {
  readonly #database: Database;
  readonly #clock: Clock;

  constructor(database: Database, clock: Clock) {
    this.#database = database;
    this.#clock = clock;
  }

  /** Puts a job in the queue; one of the kind that is still waiting or running is answered instead. */
  async submit(kind: string, parameters: JobParameters, trigger: JobTrigger): Promise<number> {
    return this.#database.write((tx) => this.submitIn(tx, kind, parameters, trigger));
  }

  async submitIn(tx: Tx, kind: string, parameters: JobParameters, trigger: JobTrigger): Promise<number> {
    const open = await tx
      .selectFrom("job")
      .select("id")
      .where("kind", "=", kind)
      .where("state", "in", ["pending", "running"])
      .executeTakeFirst();
    if (open !== undefined) return open.id;
    const now = this.#clock();
    const { id } = await tx
      .insertInto("job")
      .values({
        kind,
        parameters: JSON.stringify(parameters),
        trigger,
        state: "pending",
        run_at: now,
        attempts: 0,
        created_at: now,
      })
      .returning("id")
      .executeTakeFirstOrThrow();
    return id;
  }

  /** Takes the next job that is due, or whose runner has died. */
  async take(holder: string, kinds: readonly string[]): Promise<Job | null> {
    const now = this.#clock();
    const due = await this.#due(this.#database.read, kinds, now);
    if (due === undefined) return null;
    return this.#database.write(async (tx) => {
      const row = await this.#due(tx, kinds, now);
      if (row === undefined) return null;
      if (row.attempts >= maxAttempts) {
        await this.#end(tx, row.id, "error", null, "Its process ended in the middle of it, several times.");
        return null;
      }
      const taken = await tx
        .updateTable("job")
        .set({
          state: "running",
          holder,
          held_until: now + lease,
          attempts: row.attempts + 1,
          started_at: now,
        })
        .where("id", "=", row.id)
        .returningAll()
        .executeTakeFirstOrThrow();
      return toJob(taken);
    });
  }

  #due(reader: Pick<Tx, "selectFrom">, kinds: readonly string[], now: number) {
    return reader
      .selectFrom("job")
      .select(["id", "attempts"])
      .where("kind", "in", [...kinds])
      .where("run_at", "<=", now)
      .where((expression) =>
        expression.or([
          expression("state", "=", "pending"),
          expression.and([expression("state", "=", "running"), expression("held_until", "<", now)]),
        ]),
      )
      .orderBy("run_at")
      .limit(1)
      .executeTakeFirst();
  }

  /** Renews the lease. Throws CONFLICT when the job was stopped, or is another's by now. */
  async renew(id: number, holder: string, log: string, report?: unknown): Promise<void> {
    const { numUpdatedRows } = await this.#database.write((tx) =>
      tx
        .updateTable("job")
        .set({
          held_until: this.#clock() + lease,
          log,
          ...(report === undefined ? {} : { report: JSON.stringify(report) }),
        })
        .where("id", "=", id)
        .where("holder", "=", holder)
        .where("state", "=", "running")
        .executeTakeFirstOrThrow(),
    );
    if (numUpdatedRows === 0n) throw new BreakwaterError("CONFLICT", "The job was stopped.");
  }

  async finish(
    id: number,
    holder: string,
    outcome: { state: "success" | "error"; report: unknown; error: string | null; log: string },
  ): Promise<void> {
    await this.#database.write((tx) =>
      tx
        .updateTable("job")
        .set({
          state: outcome.state,
          ...(outcome.report === undefined ? {} : { report: JSON.stringify(outcome.report) }),
          error: outcome.error,
          log: outcome.log,
          finished_at: this.#clock(),
          holder: null,
          held_until: null,
        })
        .where("id", "=", id)
        .where("holder", "=", holder)
        .where("state", "=", "running")
        .execute(),
    );
  }

  /** Gives a job back, to be begun again by whoever comes first. */
  async release(id: number, holder: string): Promise<void> {
    await this.#database.write((tx) =>
      tx
        .updateTable("job")
        .set({ state: "pending", holder: null, held_until: null, attempts: sql`attempts - 1` })
        .where("id", "=", id)
        .where("holder", "=", holder)
        .where("state", "=", "running")
        .execute(),
    );
  }

  /** Asks a job to end: its runner notices at its next sign of life. False when it has ended already. */
  async stop(id: number): Promise<boolean> {
    return this.#database.write((tx) => this.#end(tx, id, "stopped", null, null));
  }

  async #end(tx: Tx, id: number, state: JobState, report: string | null, error: string | null) {
    const { numUpdatedRows } = await tx
      .updateTable("job")
      .set({ state, error, ...(report === null ? {} : { report }), finished_at: this.#clock(), holder: null })
      .where("id", "=", id)
      .where("state", "in", ["pending", "running"])
      .executeTakeFirstOrThrow();
    return numUpdatedRows > 0n;
  }

  async get(id: number): Promise<Job | null> {
    const row = await this.#database.read
      .selectFrom("job")
      .selectAll()
      .where("id", "=", id)
      .executeTakeFirst();
    return row === undefined ? null : toJob(row);
  }

  /** The jobs of a kind, newest first, and how many there are. */
  async list(kind: string, limit: number, offset: number): Promise<{ jobs: readonly Job[]; total: number }> {
    const jobs = this.#database.read.selectFrom("job").where("kind", "=", kind);
    const rows = await jobs.selectAll().orderBy("id", "desc").limit(limit).offset(offset).execute();
    const { total } = await jobs
      .select((expression) => expression.fn.countAll<number>().as("total"))
      .executeTakeFirstOrThrow();
    return { jobs: rows.map(toJob), total: Number(total) };
  }

  /** Forgets jobs that ended before `before`, all but the last of each kind. */
  async purge(before: number): Promise<void> {
    await this.#database.write((tx) =>
      tx
        .deleteFrom("job")
        .where("finished_at", "<", before)
        .where("id", "not in", (from) =>
          from
            .selectFrom("job")
            .select((expression) => expression.fn.max("id").as("id"))
            .groupBy("kind"),
        )
        .execute(),
    );
  }
}

function toJob(row: Selectable<JobTable>): Job {
  return {
    id: row.id,
    kind: row.kind,
    parameters: JSON.parse(row.parameters),
    trigger: row.trigger,
    state: row.state,
    report: row.report === null ? null : JSON.parse(row.report),
    error: row.error,
    log: row.log ?? "",
    createdAt: row.created_at,
    startedAt: row.started_at,
    finishedAt: row.finished_at,
  };
}

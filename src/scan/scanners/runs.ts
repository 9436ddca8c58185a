import { type SqlBool, sql } from "kysely";
import {
  batches,
  type Database,
  type Reader,
  type ScannerReportTable,
  type ScannerRunTable,
  type Tx,
} from "../../db/index.ts";
import { type Clock, minute } from "../../kernel/index.ts";
import { type CountColumn, columnsOf } from "../images/counts.ts";
import type { ImageFinding } from "../match/finding.ts";
import { canBeBelieved, type SweepCounts } from "../report.ts";
import type { ScanKind } from "./media-types.ts";
import { replaceFindings } from "./scanner-findings.ts";

/** How long a process may be silent before another takes its run over. */
const lease = minute;
/** A run that ended its process this often is given up. */
const maxAttempts = 3;
/** Rows of one statement: the engines limit its parameters. */
const batchSize = 200;

/** As the partial index has it. */
const open = sql<SqlBool>`state in ('pending', 'running')`;

/** What is asked of a scanner about one image. */
export interface Run {
  readonly id: string;
  readonly manifestId: number;
  readonly scanner: string;
  readonly kind: ScanKind;
}

/** What a run has found: takes the place of the report before it. */
export interface FinishedReport {
  readonly report: Omit<ScannerReportTable, "manifest_id" | "scanner" | "kind" | "run" | CountColumn>;
  /** None of an SBOM. */
  readonly findings: readonly ImageFinding[];
}

/** What scanners are asked about images: one row for each image, scanner and kind, leased to one process at a time. */
export class Runs {
  readonly #database: Database;
  readonly #clock: Clock;

  constructor(database: Database, clock: Clock) {
    this.#database = database;
    this.#clock = clock;
  }

  /** Asks the scanner about these images; where it is being asked already, that goes on. */
  async request(
    tx: Tx,
    manifestIds: readonly number[],
    scanner: string,
    kind: ScanKind,
    sweep: number | null,
  ): Promise<void> {
    const fresh = {
      state: "pending",
      sweep,
      requested_at: this.#clock(),
      started_at: null,
      finished_at: null,
      holder: null,
      held_until: null,
      attempts: 0,
      failure: null,
      log: "",
    } as const;
    for (const some of batches(manifestIds, batchSize)) {
      const rows = some.map((manifest_id) => ({
        id: crypto.randomUUID(),
        manifest_id,
        scanner,
        kind,
        ...fresh,
      }));
      await tx
        .insertInto("scanner_run")
        .values(rows)
        .onConflict((conflict) =>
          conflict
            .columns(["manifest_id", "scanner", "kind"])
            .doUpdateSet((e) => ({ ...fresh, id: e.ref("excluded.id") }))
            .where("scanner_run.state", "not in", ["pending", "running"]),
        )
        .execute();
    }
  }

  /**
   * Takes the run that has waited longest, or whose process has died, of another scanner than `except`; null when there
   * is none.
   */
  async take(holder: string, except: readonly string[]): Promise<Run | null> {
    if ((await this.#next(this.#database.read, except)) === undefined) return null;
    return this.#database.write(async (tx) => {
      const row = await this.#next(tx, except);
      if (row === undefined) return null;
      const now = this.#clock();
      if (row.attempts >= maxAttempts) {
        const failure = "The process that asked the scanner ended in the middle of it, several times.";
        await set(tx, row.id, { state: "failed", holder: null, held_until: null, failure, finished_at: now });
        return null;
      }
      await set(tx, row.id, {
        state: "running",
        holder,
        held_until: now + lease,
        attempts: row.attempts + 1,
        started_at: now,
      });
      return { id: row.id, manifestId: row.manifest_id, scanner: row.scanner, kind: row.kind };
    });
  }

  #next(reader: Reader | Tx, except: readonly string[]) {
    return reader
      .selectFrom("scanner_run")
      .select(["id", "manifest_id", "scanner", "kind", "attempts"])
      .where(open)
      .where((of) => of.or([of("held_until", "is", null), of("held_until", "<", this.#clock())]))
      .$if(except.length > 0, (query) => query.where("scanner", "not in", except))
      .orderBy("requested_at")
      .limit(1)
      .executeTakeFirst();
  }

  /** A sign of life; false when the run was stopped, or is another process's by now. */
  async renew(id: string, holder: string, log: string): Promise<boolean> {
    return this.#database.write((tx) =>
      this.#set(tx, id, holder, { held_until: this.#clock() + lease, log }),
    );
  }

  /** Stores the report and ends the run, both or neither; false when the run was stopped meanwhile. */
  async finish(
    run: Run,
    holder: string,
    { report, findings }: FinishedReport,
    log: string,
  ): Promise<boolean> {
    return this.#database.write(async (tx) => {
      const finished_at = this.#clock();
      const done = {
        state: "done",
        holder: null,
        held_until: null,
        failure: null,
        finished_at,
        log,
      } as const;
      if (!(await this.#set(tx, run.id, holder, done))) return false;
      const row = { ...report, ...columnsOf(findings), run: run.id };
      await tx
        .insertInto("scanner_report")
        .values({ manifest_id: run.manifestId, scanner: run.scanner, kind: run.kind, ...row })
        .onConflict((conflict) => conflict.columns(["manifest_id", "scanner", "kind"]).doUpdateSet(row))
        .execute();
      if (run.kind === "vulnerability") await replaceFindings(tx, run.manifestId, run.scanner, findings);
      return true;
    });
  }

  /** The report that there was stays what it was. */
  async fail(id: string, holder: string, failure: string, log: string): Promise<void> {
    const finished_at = this.#clock();
    const failed = { state: "failed", holder: null, held_until: null, failure, finished_at, log } as const;
    await this.#database.write((tx) => this.#set(tx, id, holder, failed));
  }

  /** Gives a run back, to be begun again by whoever comes first: this process is going down. */
  async release(id: string, holder: string): Promise<void> {
    const released = { state: "pending", holder: null, held_until: null, attempts: 0 } as const;
    await this.#database.write((tx) => this.#set(tx, id, holder, released));
  }

  /** Forgets the run about something that turned out to be no image. */
  async drop(id: string): Promise<void> {
    await this.#database.write((tx) => tx.deleteFrom("scanner_run").where("id", "=", id).execute());
  }

  /** Stops what is asked of the scanner about these images; its process notices. */
  async stop(manifestIds: readonly number[], scanner: string, kind: ScanKind): Promise<void> {
    await this.#stop((of) =>
      of.and([of("manifest_id", "in", manifestIds), of("scanner", "=", scanner), of("kind", "=", kind)]),
    );
  }

  /** Stops everything that a job has asked for. */
  async stopSweep(sweep: number): Promise<void> {
    await this.#stop((of) => of("sweep", "=", sweep));
  }

  async #stop(which: Parameters<ReturnType<typeof openRuns>["where"]>[0]): Promise<void> {
    await this.#database.write((tx) =>
      openRuns(tx)
        .where(which)
        .set({ state: "stopped", holder: null, held_until: null, finished_at: this.#clock() })
        .execute(),
    );
  }

  /** How far a job's runs are. */
  async ofSweep(sweep: number): Promise<SweepCounts> {
    const runs = this.#database.read.selectFrom("scanner_run").where("sweep", "=", sweep);
    const rows = await runs
      .select((e) => ["state", e.fn.countAll().as("count")])
      .groupBy("state")
      .execute();
    const states = { pending: 0, running: 0, failed: 0, stopped: 0, done: 0 };
    for (const { state, count } of rows) states[state] = Number(count);
    const empty = await runs
      .innerJoin("scanner_report", (join) =>
        join
          .onRef("scanner_report.manifest_id", "=", "scanner_run.manifest_id")
          .onRef("scanner_report.scanner", "=", "scanner_run.scanner")
          .onRef("scanner_report.kind", "=", "scanner_run.kind"),
      )
      .select("scanner_report.coverage")
      .where("scanner_run.state", "=", "done")
      .where(sql<SqlBool>`critical + high + medium + low + negligible + unknown + none = 0`)
      .where("scanner_report.coverage", "is not", null)
      .execute();
    const { done, failed: error, ...others } = states;
    const unclear = empty.filter(
      ({ coverage }) => !canBeBelieved({ coverage: JSON.parse(coverage ?? "null"), counts: {} }),
    ).length;
    return { ...others, success: done - unclear, error: error + unclear };
  }

  async #set(tx: Tx, id: string, holder: string, values: Partial<ScannerRunTable>): Promise<boolean> {
    const { numUpdatedRows } = await tx
      .updateTable("scanner_run")
      .set(values)
      .where("id", "=", id)
      .where("holder", "=", holder)
      .where("state", "=", "running")
      .executeTakeFirstOrThrow();
    return numUpdatedRows > 0n;
  }
}

function openRuns(tx: Tx) {
  return tx.updateTable("scanner_run").where(open);
}

async function set(tx: Tx, id: string, values: Partial<ScannerRunTable>): Promise<void> {
  await tx.updateTable("scanner_run").set(values).where("id", "=", id).execute();
}

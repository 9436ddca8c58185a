import type { Database } from "../../db/index.ts";
import type { Job, JobContext } from "../../jobs/index.ts";
import { imageManifestTypes } from "../../kernel/index.ts";
import type { OwnScanner } from "./own-scanner.ts";
import { builtIn } from "./registration.ts";
import type { Registrations } from "./registrations.ts";
import type { Runs } from "./runs.ts";

/** The kind of the job that has every image scanned. */
export const scanAll = "SCAN_ALL";

/** Images that are asked for at once. */
const pageSize = 500;

export interface SweepOptions {
  readonly database: Database;
  readonly registrations: Registrations;
  readonly runs: Runs;
  readonly own: OwnScanner;
}

/** How far such a job is: its own part, and that of the scanners that it has asked. */
export interface SweepProgress {
  readonly total: number;
  readonly pending: number;
  readonly running: number;
  readonly success: number;
  readonly error: number;
  readonly stopped: number;
}

/** Has every image scanned by the scanner of its project. */
export class Sweep {
  readonly #options: SweepOptions;

  constructor(options: SweepOptions) {
    this.#options = options;
  }

  /** The job's work. It ends when all are asked for; what was asked for before a crash is not asked for twice. */
  async run({ job, progress, log }: JobContext): Promise<{ readonly images: number; readonly own: number }> {
    let images = 0;
    let own = 0;
    for (let after = 0; ; ) {
      const page = await this.#page(after);
      const last = page.at(-1);
      if (last === undefined) break;
      after = last.id;
      const asked = await this.#ask(page, job.id);
      images += asked.images;
      own += asked.own;
      await progress({ images, own });
    }
    log(`Asked for ${images} images, ${own} of them of the built-in scanner.`);
    return { images, own };
  }

  async progressOf(job: Job): Promise<SweepProgress> {
    const { runs, own } = this.#options;
    const asked = await runs.ofSweep(job.id);
    const count = (state: Parameters<typeof asked.get>[0]) => asked.get(state) ?? 0;
    const byUs = hasOwn(job.report)
      ? await own.progressSince(job.startedAt ?? job.createdAt)
      : { pending: 0, running: 0, failed: 0, done: 0 };
    const progress = {
      pending: count("pending") + byUs.pending,
      running: count("running") + byUs.running,
      success: count("done") + byUs.done,
      error: count("failed") + byUs.failed,
      stopped: count("stopped"),
    };
    const total = Object.values(progress).reduce((sum, part) => sum + part, 0);
    return { total, ...progress };
  }

  /** Stops what the job has asked for. */
  async stop(job: Job): Promise<void> {
    await this.#options.runs.stopSweep(job.id);
    if (hasOwn(job.report)) await this.#options.own.stop();
  }

  #page(after: number) {
    return this.#options.database.read
      .selectFrom("manifest")
      .innerJoin("repository", "repository.id", "manifest.repository_id")
      .select(["manifest.id", "repository.project_id"])
      .where("manifest.id", ">", after)
      .where("manifest.media_type", "in", [...imageManifestTypes])
      .where("manifest.type", "=", "IMAGE")
      .where("manifest.subject_digest", "is", null)
      .orderBy("manifest.id")
      .limit(pageSize)
      .execute();
  }

  async #ask(
    page: readonly { readonly id: number; readonly project_id: number }[],
    sweep: number,
  ): Promise<{ readonly images: number; readonly own: number }> {
    const { database, registrations, runs, own } = this.#options;
    const scanners = await registrations.ofProjects([...new Set(page.map((row) => row.project_id))]);
    const byScanner = Map.groupBy(page, (row) => scanners.get(row.project_id) ?? builtIn);
    let [images, ours] = [0, 0];
    for (const [scanner, rows] of byScanner) {
      if (scanner.disabled) continue;
      const ids = rows.map(({ id }) => id);
      images += ids.length;
      if (scanner.uuid === builtIn.uuid) {
        ours += ids.length;
        await own.request(ids);
      } else {
        await database.write((tx) => runs.request(tx, ids, scanner.uuid, "vulnerability", sweep));
      }
    }
    return { images, own: ours };
  }
}

function hasOwn(report: unknown): boolean {
  return ((report as { own?: unknown } | null)?.own ?? 0) !== 0;
}

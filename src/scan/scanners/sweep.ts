import type { Database } from "../../db/index.ts";
import type { Job, JobContext } from "../../jobs/index.ts";
import { imageManifestTypes, isRefusal } from "../../kernel/index.ts";
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

/** What has been asked for: all images up to the one with the id `after`. */
interface SweepReport {
  readonly after: number;
  readonly images: number;
  /** Of them, those of the built-in scanner. */
  readonly own: number;
}

/** Has every image scanned by the scanner of its project. */
export class Sweep {
  readonly #options: SweepOptions;

  constructor(options: SweepOptions) {
    this.#options = options;
  }

  /** The job's work. It ends when all are asked for; what was asked for before a crash is not asked for twice. */
  async run({ job, progress, log }: JobContext): Promise<SweepReport> {
    let { after, images, own } = soFar(job.report);
    for (;;) {
      const page = await this.#page(after);
      const last = page.at(-1);
      if (last === undefined) break;
      const asked = await this.#ask(page, job.id);
      after = last.id;
      images += asked.images;
      own += asked.own;
      try {
        await progress({ after, images, own });
      } catch (error) {
        // Stopped by somebody while this page was asked for.
        if (isRefusal(error, "CONFLICT")) await this.#options.runs.stopSweep(job.id);
        throw error;
      }
    }
    log(`Asked for ${images} images, ${own} of them of the built-in scanner.`);
    return { after, images, own };
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

function soFar(report: unknown): SweepReport {
  const { after = 0, images = 0, own = 0 } = (report ?? {}) as Partial<SweepReport>;
  return { after, images, own };
}

function hasOwn(report: unknown): boolean {
  return soFar(report).own > 0;
}

import type { Database } from "../../db/index.ts";
import type { Job, JobContext } from "../../jobs/index.ts";
import { imageConfigTypes, imageManifestTypes, isRefusal } from "../../kernel/index.ts";
import type { SweepCounts } from "../report.ts";
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
        if (isRefusal(error, "CONFLICT")) await this.stop(job);
        throw error;
      }
    }
    log(`Asked for ${images} images, ${own} of them of the built-in scanner.`);
    return { after, images, own };
  }

  /** How far those are that the job has asked for, by whichever scanner. */
  async progressOf(job: Job): Promise<SweepCounts> {
    const { runs, own } = this.#options;
    const [foreign, ours] = await Promise.all([runs.ofSweep(job.id), own.ofSweep(job.id)]);
    return {
      pending: foreign.pending + ours.pending,
      running: foreign.running + ours.running,
      success: foreign.success + ours.success,
      error: foreign.error + ours.error,
      stopped: foreign.stopped + ours.stopped,
    };
  }

  /** Stops what the job has asked for. */
  async stop(job: Job): Promise<void> {
    await this.#options.runs.stopSweep(job.id);
    await this.#options.own.stopSweep(job.id);
  }

  #page(after: number) {
    return this.#options.database.read
      .selectFrom("manifest")
      .innerJoin("repository", "repository.id", "manifest.repository_id")
      .select(["manifest.id", "repository.project_id"])
      .where("manifest.id", ">", after)
      .where("manifest.media_type", "in", [...imageManifestTypes])
      .where("manifest.config_media_type", "in", [...imageConfigTypes])
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
        await own.request(ids, sweep);
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

import type { Tx } from "../../db/index.ts";
import { second } from "../../kernel/index.ts";
import { type ImageInventory, readerVersion } from "../inventory/index.ts";
import { canBeBelieved, type Report, type ReportSummary, type SweepCounts } from "../report.ts";
import type { OwnScanner } from "../scanners/own-scanner.ts";
import { ImageScan } from "./image-scan.ts";
import type { ImagesOptions } from "./options.ts";
import { purgeIdentities } from "./packages.ts";
import { ImageQueue } from "./queue.ts";
import { Rematch } from "./rematch.ts";
import { Reports } from "./reports.ts";
import { Sweeps } from "./sweeps.ts";

const renewEvery = 30 * second;

/** What came of one image's turn. */
export interface ScanOutcome {
  readonly manifestId: number;
  /** What went wrong, when it did; the image is tried again, or given up. */
  readonly error: unknown;
  /** Milliseconds. */
  readonly duration: number;
}

/** The built-in scanner: every image that is pushed is looked into, in the background, by whichever process is free. */
export class Images implements Omit<OwnScanner, "sbom"> {
  readonly rematch: Rematch;
  readonly #options: ImagesOptions;
  readonly #queue: ImageQueue;
  readonly #sweeps: Sweeps;
  readonly #scan: ImageScan;
  readonly #reports: Reports;

  constructor(options: ImagesOptions) {
    this.#options = options;
    this.#queue = new ImageQueue(options.database, options.clock);
    this.#sweeps = new Sweeps(options.database);
    this.#scan = new ImageScan(options, this.#queue);
    this.#reports = new Reports(options);
    this.rematch = new Rematch(options);
  }

  /** Has a manifest looked into that was pushed, in the transaction of the push. */
  async note(tx: Tx, manifestId: number): Promise<void> {
    await this.#queue.add(tx, manifestId);
  }

  request(manifestIds: readonly number[], sweep?: number): Promise<void> {
    return this.#queue.request(manifestIds, sweep);
  }

  stop(manifestIds: readonly number[]): Promise<void> {
    return this.#queue.stop(manifestIds);
  }

  stopSweep(sweep: number): Promise<void> {
    return this.#sweeps.stop(sweep);
  }

  async ofSweep(sweep: number): Promise<SweepCounts> {
    const { done, failed: error, ...others } = await this.#sweeps.states(sweep);
    const empty = await this.#reports.summaries(await this.#sweeps.empty(sweep));
    const unclear = [...empty.values()].filter((summary) => !canBeBelieved(summary)).length;
    return { ...others, success: done - unclear, error: error + unclear };
  }

  /** How many images wait or are being scanned. */
  waiting(): Promise<number> {
    return this.#queue.length();
  }

  /** Scans the next image; null when there is none. When `signal` is aborted it is given back. */
  async work(signal: AbortSignal): Promise<ScanOutcome | null> {
    const holder = crypto.randomUUID();
    const manifestId = await this.#queue.take(holder);
    if (manifestId === null) return null;
    const started = performance.now();
    const end = (error: unknown): ScanOutcome => ({
      manifestId,
      error,
      duration: performance.now() - started,
    });
    const lost = new AbortController();
    const renewal = setInterval(() => {
      this.#queue.renew(manifestId, holder).then(
        (held) => held || lost.abort(),
        // The next one makes up for it, or another process takes the image over.
        () => {},
      );
    }, renewEvery);
    try {
      await this.#scan.run(manifestId, holder, AbortSignal.any([signal, lost.signal]));
      return end(null);
    } catch (error) {
      if (signal.aborted) await this.#queue.release(manifestId, holder);
      else await this.#queue.fail(manifestId, holder, sentenceOf(error));
      return end(signal.aborted ? null : error);
    } finally {
      clearInterval(renewal);
    }
  }

  summaries(manifestIds: readonly number[]): Promise<ReadonlyMap<number, ReportSummary>> {
    return this.#reports.summaries(manifestIds);
  }

  report(manifestId: number): Promise<Report | null> {
    return this.#reports.report(manifestId);
  }

  inventory(manifestId: number): Promise<ImageInventory | null> {
    return this.#reports.inventory(manifestId);
  }

  /**
   * Has images looked into again that an older version of this program has looked into, or failed at, and those with
   * layers that could not be read for reasons that may have passed; answers how many.
   */
  async requestOutdated(): Promise<number> {
    const rows = await this.#options.database.read
      .selectFrom("image_inventory")
      .innerJoin("image_scan", "image_scan.manifest_id", "image_inventory.manifest_id")
      .select("image_scan.manifest_id")
      .where("image_inventory.reader", "<", readerVersion)
      .where("image_scan.state", "in", ["done", "stopped"])
      .execute();
    const old = rows.map(({ manifest_id }) => manifest_id);
    const failed = await this.#queue.failedBefore(readerVersion);
    const images = [...new Set([...old, ...failed, ...(await this.#scan.layers.imagesToRetry())])];
    await this.#queue.request(images);
    return images.length;
  }

  /** Forgets packages that no image has any more; answers how many. */
  purge(): Promise<number> {
    return purgeIdentities(this.#options.database);
  }
}

function sentenceOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return `The image could not be scanned: ${message.replace(/\.?$/, ".")}`;
}

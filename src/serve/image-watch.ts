import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "../http/index.ts";
import { second } from "../kernel/index.ts";
import { rematch } from "../scan/index.ts";
import type { ScanMetrics } from "./scan-metrics.ts";
import type { Services } from "./services.ts";

/** How often the queue of images is looked at, and whether there is another vulnerability database. */
const every = second;

/**
 * Looks into the images that were pushed, `concurrency` of them at once, apart from the jobs: of what is in an image
 * people want to know soon. Has everything matched again when the vulnerability database has changed.
 */
export function watchImages(
  { scan, queue }: Services,
  concurrency: number,
  log: Logger,
  metrics: ScanMetrics,
): { stop(): Promise<void> } {
  const stopping = new AbortController();
  const { signal } = stopping;
  const scanNext = async () => {
    const outcome = await scan.images.work(signal);
    if (outcome === null) return false;
    metrics.count(outcome);
    const { manifestId, error } = outcome;
    if (error !== null) log.error({ err: error, manifest: manifestId }, "An image could not be scanned.");
    return true;
  };
  const rematchWhenDue = async () => {
    if (await scan.images.rematch.isDue()) await queue.submit(rematch, {}, "event");
    return false;
  };
  const repeat = async (work: () => Promise<boolean>) => {
    while (!signal.aborted) {
      const more = await work().catch((error) => {
        log.error({ err: error }, "Images could not be looked after; it is tried again.");
        return false;
      });
      if (!more) await sleep(every, undefined, { signal }).catch(() => {});
    }
  };
  const loops = [...Array.from({ length: concurrency }, () => repeat(scanNext)), repeat(rematchWhenDue)];
  return {
    async stop() {
      stopping.abort();
      await Promise.all(loops);
    },
  };
}

import { second } from "../kernel/index.ts";
import type { Verdict } from "./verdict.ts";

/** Requests that one process lets wait; whoever comes then is answered at once. */
const maxWaiting = 500;
const interval = second / 2;

/** Holds requests back until a scan has ended: all that one costs meanwhile is a question twice a second. */
export class ScanWaits {
  #waiting = 0;

  /** What `decide` says once it no longer says to wait, or the wait that it asked for first is over. */
  async until(signal: AbortSignal, decide: () => Promise<Verdict>): Promise<Verdict> {
    let verdict = await decide();
    if (verdict.wait === 0 || this.#waiting >= maxWaiting) return verdict;
    const end = performance.now() + verdict.wait * second;
    this.#waiting++;
    try {
      while (verdict.wait > 0 && !signal.aborted) {
        const left = end - performance.now();
        if (left <= 0) break;
        await Bun.sleep(Math.min(interval, left));
        verdict = await decide();
      }
      return verdict;
    } finally {
      this.#waiting--;
    }
  }
}

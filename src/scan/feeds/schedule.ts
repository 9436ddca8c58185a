import { nextRun } from "../../jobs/index.ts";
import { hour, minute } from "../../kernel/index.ts";

/** Milliseconds between two looks, or a cron expression, in UTC. */
export type Schedule = { readonly every: number } | { readonly cron: string };

const firstPause = 5 * minute;
/** However often a feed has failed: when its source is back, its data are here on the same day. */
const longestPause = 6 * hour;

/** When the next look is after a good one; null for a cron expression that names no time any more. */
export function nextLook(schedule: Schedule, lastSuccess: number): number | null {
  return "every" in schedule ? lastSuccess + schedule.every : nextRun(schedule.cron, lastSuccess);
}

/** When it is tried again after so many failures in a row: twice as late each time, up to six hours. */
export function nextAttempt(failures: number, now: number): number {
  return now + Math.min(longestPause, firstPause * 2 ** Math.min(failures - 1, 20));
}

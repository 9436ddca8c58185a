import type { Coverage, ImageFinding } from "./match/finding.ts";
import type { Severity } from "./severity.ts";

/**
 * How far one image's scan is. `none`: nobody has asked for it. `pending`, `running`: it is under way; what an
 * earlier one found stands meanwhile. `failed`: the last one failed. `done`: there is a report.
 */
export type ScanState = "none" | "pending" | "running" | "failed" | "done";

/** How many images that a job has asked for are in which state: each is what its overview calls it. */
export type SweepCounts = Readonly<Record<"pending" | "running" | "success" | "error" | "stopped", number>>;

/** What is known of one image without its findings: enough for lists and for most verdicts. */
export interface ReportSummary {
  /** The scanner's name, as it is registered. */
  readonly scanner: string;
  readonly state: ScanState;
  /** True when somebody stopped the last scan. */
  readonly stopped?: boolean;
  /** A sentence, when the last scan failed. */
  readonly failure: string | null;
  /** When the report that stands was finished; null without one. Milliseconds since 1970, as all times here. */
  readonly reportedAt: number | null;
  /** How old the data is that it was made from, the oldest that counts; null when nobody says. */
  readonly dataAsOf: number | null;
  /**
   * Each part of the image. A report with a part that is not `covered` is no clean bill for that part; an image
   * without any part is one in which nothing was recognised. Null of a foreign scanner, which does not say.
   */
  readonly coverage: readonly Coverage[] | null;
  /** Findings by severity; what has none is left out. */
  readonly counts: Readonly<Partial<Record<Severity, number>>>;
  /** Of all findings, those for which there is a fix. */
  readonly fixable: number;
}

/** The report of one image. */
export interface Report extends ReportSummary {
  readonly findings: readonly ImageFinding[];
}

/** What was found is there, whatever was not looked at; that nothing was found takes somebody who has looked. */
export function canBeBelieved({ coverage, counts }: Pick<ReportSummary, "coverage" | "counts">): boolean {
  if (coverage === null || Object.values(counts).some((count) => count > 0)) return true;
  return coverage.length > 0 && coverage.every(({ state }) => state === "covered" || state === "stale");
}

import type { Coverage } from "../match/finding.ts";
import { canBeBelieved, type ReportSummary } from "../report.ts";
import { rankOf, type Severity } from "../severity.ts";
import type { Maker } from "./adapter/metadata.ts";
import type { DescribedSummary } from "./image-reports.ts";

/** Harbor's words for how far a scan is. */
export type ScanStatus = "Pending" | "Running" | "Stopped" | "Error" | "Success";

/** What Harbor's clients are shown of an artifact's scan. */
export interface ScanOverview {
  /** Of each image, parted by dots. */
  readonly reportId: string;
  readonly status: ScanStatus;
  /** The worst of all findings; `None` only where every part of the image is covered, else `Unknown`. */
  readonly severity: Severity;
  readonly startedAt: number | null;
  readonly finishedAt: number | null;
  readonly maker: Maker | null;
  /** Null while there is no report. */
  readonly counts: Readonly<Partial<Record<Severity, number>>> | null;
  readonly fixable: number;
  readonly completePercent: number;
  readonly dataAsOf: number | null;
  /** Null of a scanner that does not say. */
  readonly coverage: readonly Coverage[] | null;
  /** What is wrong, in sentences; null where nothing is. */
  readonly message: string | null;
}

const worstFirst: readonly ScanStatus[] = ["Running", "Pending", "Error", "Stopped", "Success"];

/** The overview of an artifact from those of its images; null where no image was ever scanned. */
export function overviewOf(
  summaries: readonly DescribedSummary[],
  images: number,
  /** Over all images, each finding once; where that was not worked out, what the one image has. */
  findings?: {
    readonly counts: Readonly<Partial<Record<Severity, number>>>;
    readonly fixable: number;
  },
): ScanOverview | null {
  const [first] = summaries;
  if (first === undefined) return null;
  const statuses = new Set(summaries.map(statusOf));
  // Of what nobody has looked at nothing can be said.
  if (summaries.length < images) statuses.add("Error");
  const reported = summaries.filter(({ reportedAt }) => reportedAt !== null);
  const counts = findings?.counts ?? first.counts;
  const complete = summaries.length === images && summaries.every(isComplete);
  const coverage = summaries.flatMap((summary) => summary.coverage ?? []);
  return {
    reportId: summaries.map(({ reportId }) => reportId).join("."),
    status: worstFirst.find((status) => statuses.has(status)) ?? "Error",
    severity: worst(counts) ?? (complete ? "None" : "Unknown"),
    startedAt: least(summaries.map(({ startedAt }) => startedAt)),
    finishedAt: statuses.has("Running") || statuses.has("Pending") ? null : latest(summaries),
    maker: first.maker,
    counts: reported.length === 0 ? null : counts,
    fixable: findings?.fixable ?? first.fixable,
    completePercent: Math.floor((100 * summaries.filter(hasEnded).length) / Math.max(1, images)),
    dataAsOf: least(summaries.map(({ dataAsOf }) => dataAsOf)),
    coverage: first.coverage === null ? null : coverage,
    message: messageOf(summaries, images),
  };
}

/**
 * How a scan is called. One that could not look is no success: an image without findings of which a part is not covered
 * would be taken for a clean one.
 */
function statusOf(summary: DescribedSummary): ScanStatus {
  if (summary.stopped) return "Stopped";
  switch (summary.state) {
    case "pending":
      return "Pending";
    case "running":
      return "Running";
    case "done":
      return canBeBelieved(summary) ? "Success" : "Error";
    default:
      return "Error";
  }
}

function isComplete({ state, reportedAt, coverage }: DescribedSummary): boolean {
  if (state !== "done" || reportedAt === null) return false;
  return coverage === null || (coverage.length > 0 && coverage.every((part) => part.state === "covered"));
}

function messageOf(summaries: readonly DescribedSummary[], images: number): string | null {
  const sentences = new Set<string>();
  for (const { failure, coverage, state } of summaries) {
    if (failure !== null) sentences.add(failure);
    if (state === "done" && coverage?.length === 0) sentences.add("Nothing in the image was recognised.");
    for (const part of coverage ?? []) if (part.state !== "covered") sentences.add(part.message);
  }
  if (summaries.length < images)
    sentences.add(`${images - summaries.length} of ${images} images were not scanned.`);
  return sentences.size === 0 ? null : [...sentences].join(" ");
}

function worst(counts: ReportSummary["counts"]): Severity | null {
  const found = (Object.keys(counts) as Severity[]).filter((severity) => (counts[severity] ?? 0) > 0);
  return found.reduce<Severity | null>(
    (worst, severity) => (worst === null || rankOf(severity) > rankOf(worst) ? severity : worst),
    null,
  );
}

function hasEnded({ state }: ReportSummary): boolean {
  return state !== "pending" && state !== "running";
}

function least(times: readonly (number | null)[]): number | null {
  const known = times.filter((time) => time !== null);
  return known.length === 0 ? null : Math.min(...known);
}

function latest(summaries: readonly DescribedSummary[]): number | null {
  const known = summaries.map(({ finishedAt }) => finishedAt).filter((time) => time !== null);
  return known.length === 0 ? null : Math.max(...known);
}

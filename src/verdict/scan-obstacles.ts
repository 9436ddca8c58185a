import type { Coverage, ImageFinding, ReportSummary } from "../scan/index.ts";
import type { ScanPolicy } from "./scan-policy.ts";

/** One finding that stands in a pull's way, as far as a refusal tells. */
export interface WorstFinding
  extends Pick<ImageFinding, "id" | "severity" | "status" | "package" | "version" | "fixedVersion"> {
  /** Whether it is known to be exploited. */
  readonly exploited: boolean;
}

/** What scanning has against a pull. Times are milliseconds since 1970. */
export type ScanObstacle =
  | {
      readonly kind: "vulnerable";
      readonly message: string;
      /** The worst; there are `total`. */
      readonly findings: readonly WorstFinding[];
      readonly total: number;
      readonly dataAsOf: number | null;
    }
  | { readonly kind: "not-scanned"; readonly message: string }
  | { readonly kind: "outdated-data"; readonly message: string; readonly dataAsOf: number | null };

/** What is known of an image that a policy is held against. */
export interface ScanFacts {
  /** Null where nobody has asked for a scan. */
  readonly summary: ReportSummary | null;
  /** Of the findings that count by the policy and that nothing lifts: how many, and the worst. */
  readonly blocking: {
    readonly total: number;
    readonly worst: readonly WorstFinding[];
    /** True where VEX documents might lift them, if there were not too many to be read. */
    readonly vexUnread: boolean;
  };
}

/** Parts of an image that a refusal names. */
const shownParts = 5;

/** Everything that the policy has against the image. `what` names it: `library/alpine:3.10`. */
export function* scanObstacles(
  what: string,
  { summary, blocking }: ScanFacts,
  policy: ScanPolicy,
  now: number,
): Iterable<ScanObstacle> {
  if (blocking.total > 0) yield vulnerable(what, blocking, summary?.dataAsOf ?? null, policy);
  if (policy.missing === "allow") return;
  const lacking = whatIsLacking(what, summary);
  if (lacking !== null) yield { kind: "not-scanned", message: `${lacking} ${unlessAllowed}` };
  const outdated = whatIsOutdated(what, summary, policy, now);
  if (outdated !== null) {
    const dataAsOf = summary?.dataAsOf ?? null;
    yield { kind: "outdated-data", message: `${outdated} ${unlessAllowed}`, dataAsOf };
  }
}

const unlessAllowed =
  'Or an administrator of the project sets its scan_missing to "allow", which lets pass what is not scanned.';

const unlessUnrated =
  'Or an administrator of the project sets its scan_unknown_severity to "allow", which lets pass what nobody has rated.';

const tooManyDocuments =
  "No VEX document counts for it now, because more are attached to it than are read: delete those that are out of date.";

function vulnerable(
  what: string,
  { total, worst, vexUnread }: ScanFacts["blocking"],
  dataAsOf: number | null,
  { threshold, reuseSystem }: ScanPolicy,
): ScanObstacle {
  const more = total > worst.length ? `; and ${total - worst.length} more` : "";
  const age = dataAsOf === null ? "" : `, as of ${timeText(dataAsOf)}`;
  const count = total === 1 ? "a vulnerability" : `${total} vulnerabilities`;
  const fixed = worst.some(({ fixedVersion }) => fixedVersion !== null);
  const advice = fixed ? "Rebuild it with the fixed versions, or have" : "Have";
  const unrated = worst.some(({ severity }) => severity === "Unknown");
  const list = reuseSystem
    ? "the system's CVE allowlist, which counts here,"
    : "the project's CVE allowlist,";
  const which = unrated ? `from ${threshold} on, or not rated` : `from ${threshold} on`;
  return {
    kind: "vulnerable",
    message: `${what} has ${count} that the project does not let pass (${which}${age}): ${worst.map(describe).join("; ")}${more}. ${advice} those that do not matter here allowed: by ${list} by an exception with a scope, or by a VEX document.${vexUnread ? ` ${tooManyDocuments}` : ""}${unrated ? ` ${unlessUnrated}` : ""}`,
    findings: worst,
    total,
    dataAsOf,
  };
}

function describe({ id, severity, exploited, ...finding }: WorstFinding): string {
  const kind = exploited ? `${severity}, known to be exploited` : severity;
  const fix = finding.fixedVersion === null ? unfixed[finding.status] : `fixed in ${finding.fixedVersion}`;
  return `${id} (${kind}) in ${finding.package} ${finding.version}, ${fix}`;
}

const unfixed = {
  affected: "not fixed yet",
  will_not_fix: "which its vendor will not fix",
  fix_deferred: "whose fix its vendor has put off",
  under_investigation: "which its vendor is looking into",
  unknown: "whose version could not be compared",
} as const satisfies Record<ImageFinding["status"], string>;

/** A sentence or two, or null where there is a whole report. A report stands while a newer scan is under way. */
function whatIsLacking(what: string, summary: ReportSummary | null): string | null {
  if (summary === null || summary.reportedAt === null) return whyNoReport(what, summary);
  const { coverage } = summary;
  // A foreign scanner that does not say what it covers has to be believed.
  if (coverage === null) return null;
  if (coverage.length === 0) {
    return `In ${what} the scan has recognised nothing, so nobody knows what is in it. Build it so that it holds its packages' database, or files that its language's tools leave.`;
  }
  const parts = coverage.filter(({ state }) => state !== "covered" && state !== "stale");
  return parts.length === 0 ? null : `${what} is not wholly scanned. ${tell(parts)}`;
}

function whyNoReport(what: string, summary: ReportSummary | null): string {
  switch (summary?.state) {
    case "pending":
    case "running":
      return `${what} is still being scanned. Try again in a moment.`;
    case "failed":
      return `${what} has no report, because its scan failed: ${summary.failure ?? "its scanner does not say why"} Have it scanned again.`;
    default:
      return `${what} has not been scanned. Have it scanned, in the portal or by the API.`;
  }
}

function whatIsOutdated(
  what: string,
  summary: ReportSummary | null,
  { maxAge }: ScanPolicy,
  now: number,
): string | null {
  if (summary === null || summary.reportedAt === null) return null;
  const stale = (summary.coverage ?? []).filter(({ state }) => state === "stale");
  if (stale.length > 0) return `What is known of ${what} is out of date. ${tell(stale)}`;
  // Who does not say how old the data was cannot have had newer data than the report.
  const since = summary.dataAsOf ?? summary.reportedAt;
  if (maxAge === null || since + maxAge > now) return null;
  return `What is known of ${what} is of ${timeText(since)}, older than the project takes. Update the feeds of vulnerabilities, or have it scanned again.`;
}

function tell(parts: readonly Coverage[]): string {
  const told = parts
    .slice(0, shownParts)
    .map(({ ecosystem, message }) => (message.includes(ecosystem) ? message : `${ecosystem}: ${message}`));
  const more = parts.length - told.length;
  return more > 0 ? `${told.join(" ")} And ${more} parts more.` : told.join(" ");
}

function timeText(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}

import { type ImageFinding, type ReportSummary, rankOf, type Severity } from "../scan/index.ts";
import type { WorstFinding } from "./scan-obstacles.ts";
import type { ScanPolicy } from "./scan-policy.ts";

/** Findings that a refusal names. */
const shown = 5;

/**
 * Whether a finding of that severity forbids a pull. One that nobody has rated (`Unknown`) may be of any severity and
 * so does, unless the project says otherwise. What its vendor says of a fix makes no difference, and neither does it
 * when nobody could tell whether the package is affected: until that is known, or somebody excepts it, it may be.
 */
export function counts(severity: Severity, { threshold, denyUnrated }: ScanPolicy): boolean {
  if (severity === "Unknown") return denyUnrated;
  return rankOf(severity) >= rankOf(threshold);
}

/** Whether a look at the findings themselves is needed. */
export function mayBlock({ counts: bySeverity }: ReportSummary, policy: ScanPolicy): boolean {
  return Object.entries(bySeverity).some(
    ([severity, count]) => count > 0 && counts(severity as Severity, policy),
  );
}

/** The worst first: by severity, then those that are known to be exploited, then by score. */
export function worstOf(findings: readonly ImageFinding[]): readonly WorstFinding[] {
  return findings
    .toSorted(
      (a, b) =>
        rankOf(b.severity) - rankOf(a.severity) ||
        Number(b.exploitedSince !== null) - Number(a.exploitedSince !== null) ||
        scoreOf(b) - scoreOf(a) ||
        a.id.localeCompare(b.id),
    )
    .slice(0, shown)
    .map(({ id, severity, status, package: name, version, fixedVersion, exploitedSince }) => ({
      id,
      severity,
      status,
      package: name,
      version,
      fixedVersion,
      exploited: exploitedSince !== null,
    }));
}

function scoreOf({ cvss }: ImageFinding): number {
  return Math.max(0, ...cvss.map(({ score }) => score));
}

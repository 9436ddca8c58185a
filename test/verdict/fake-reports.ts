import type { ImageFinding, Report, ReportSummary, Severity } from "../../src/scan/index.ts";
import type { ScanReports } from "../../src/verdict/index.ts";

/** Reports as a test wants them, in place of a scanner's. */
export class FakeReports implements ScanReports {
  readonly #reports = new Map<number, Report>();
  #lost = false;
  /** How often findings were read. */
  reads = 0;
  /** How often anything was asked. */
  asked = 0;

  set(manifestId: number, report: Report): void {
    this.#lost = false;
    this.#reports.set(manifestId, report);
  }

  /** Whoever has read the summaries finds no report any more. */
  loseFindings(): void {
    this.#lost = true;
  }

  async summaries(_: number, ids: readonly number[]): Promise<ReadonlyMap<number, ReportSummary>> {
    this.asked++;
    return new Map(
      ids.flatMap((id) => {
        const report = this.#reports.get(id);
        return report === undefined ? [] : [[id, report] as const];
      }),
    );
  }

  async report(_: number, id: number): Promise<Report> {
    this.reads++;
    const report = this.#lost ? undefined : this.#reports.get(id);
    return report ?? reportOf([], { state: "none", reportedAt: null, coverage: null });
  }
}

/** A whole report of fresh data with these findings. */
export function reportOf(findings: readonly ImageFinding[], change: Partial<Report> = {}): Report {
  const counts: Partial<Record<Severity, number>> = {};
  for (const { severity } of findings) counts[severity] = (counts[severity] ?? 0) + 1;
  const reportedAt = Date.now();
  return {
    scanner: "Breakwater",
    state: "done",
    failure: null,
    reportedAt,
    dataAsOf: reportedAt,
    coverage: [{ ecosystem: "Debian:12", state: "covered", asOf: reportedAt, packages: 9, message: "" }],
    counts,
    fixable: findings.filter(({ fixedVersion }) => fixedVersion !== null).length,
    findings,
    ...change,
  };
}

/** Something that is known against openssl of Debian 12. */
export function finding(change: Partial<ImageFinding> = {}): ImageFinding {
  const lies = {
    package: "openssl",
    version: "3.0.1",
    purl: "pkg:deb/debian/openssl@3.0.1?arch=amd64&distro=debian-12",
    path: null,
    layer: null,
  };
  return {
    id: "CVE-2026-1000",
    aliases: [],
    status: "affected",
    fixedVersion: "3.0.2",
    severity: "High",
    summary: "",
    description: "",
    cvss: [],
    cwes: [],
    exploitedSince: null,
    epss: null,
    links: [],
    publishedAt: null,
    modifiedAt: null,
    feed: "debian",
    type: "deb",
    ecosystem: "Debian:12",
    places: [lies],
    ...lies,
    ...change,
  };
}

import type { Report, ReportSummary } from "../report.ts";
import type { Maker } from "./adapter/metadata.ts";
import type { OwnScanner } from "./own-scanner.ts";
import { builtIn, type Registration } from "./registration.ts";
import type { Registrations } from "./registrations.ts";
import type { ScannerReports, ScannerSummary } from "./scanner-reports.ts";

/** A summary with what Harbor's clients ask of it beside. */
export type DescribedSummary = ReportSummary & {
  readonly manifestId: number;
  readonly reportId: string;
  readonly startedAt: number | null;
  readonly finishedAt: number | null;
  readonly maker: Maker | null;
  readonly stopped: boolean;
};

/** What the scanner of each project says of its images, whichever scanner that is. */
export class ImageReports {
  readonly #registrations: Registrations;
  readonly #foreign: ScannerReports;
  readonly #own: OwnScanner;
  readonly #ownMaker: Maker;

  constructor(registrations: Registrations, foreign: ScannerReports, own: OwnScanner, version: string) {
    this.#registrations = registrations;
    this.#foreign = foreign;
    this.#own = own;
    this.#ownMaker = { name: builtIn.name, vendor: builtIn.name, version };
  }

  /** By image, of the images of one project. One that nobody has scanned has the state `none`. */
  async summaries(
    projectId: number,
    manifestIds: readonly number[],
  ): Promise<ReadonlyMap<number, ReportSummary>> {
    const registration = await this.#registrations.ofProject(projectId);
    const found = isOwn(registration)
      ? await this.#own.summaries(manifestIds)
      : await this.#foreign.summaries(registration, "vulnerability", manifestIds);
    return new Map(manifestIds.map((id) => [id, found.get(id) ?? nothingOf(registration)]));
  }

  /** The report of an image of the project. Throws AdapterError for one that can no longer be read. */
  async report(projectId: number, manifestId: number): Promise<Report> {
    const registration = await this.#registrations.ofProject(projectId);
    const found = isOwn(registration)
      ? await this.#own.report(manifestId)
      : await this.#foreign.report(registration, manifestId);
    return found ?? { ...nothingOf(registration), findings: [] };
  }

  /** As `summaries`, for Harbor's clients; images that nobody has scanned are left out. */
  async describe(
    registration: Registration,
    manifestIds: readonly number[],
  ): Promise<ReadonlyMap<number, DescribedSummary>> {
    const described = new Map<number, DescribedSummary>();
    if (isOwn(registration)) {
      for (const [manifestId, summary] of await this.#own.summaries(manifestIds)) {
        if (summary.state === "none") continue;
        described.set(manifestId, this.#describeOwn(manifestId, summary));
      }
      return described;
    }
    const found = await this.#foreign.summaries(registration, "vulnerability", manifestIds);
    for (const [manifestId, summary] of found) described.set(manifestId, { ...summary, manifestId });
    return described;
  }

  /** The SBOMs that a scanner has made of images. */
  sboms(
    registration: Registration,
    manifestIds: readonly number[],
  ): Promise<ReadonlyMap<number, ScannerSummary>> {
    return this.#foreign.summaries(registration, "sbom", manifestIds);
  }

  #describeOwn(manifestId: number, summary: ReportSummary): DescribedSummary {
    return {
      ...summary,
      manifestId,
      reportId: ownReportId(manifestId),
      startedAt: summary.reportedAt,
      finishedAt: summary.reportedAt,
      maker: this.#ownMaker,
      stopped: summary.stopped ?? false,
    };
  }
}

/** The built-in scanner has one report of an image, which it keeps up to date. */
export function ownReportId(manifestId: number): string {
  return `image-${manifestId}`;
}

function isOwn({ uuid }: Registration): boolean {
  return uuid === builtIn.uuid;
}

function nothingOf({ uuid, name }: Registration): ReportSummary {
  return {
    scanner: name,
    state: "none",
    failure: null,
    reportedAt: null,
    dataAsOf: null,
    coverage: uuid === builtIn.uuid ? [] : null,
    counts: {},
    fixable: 0,
  };
}

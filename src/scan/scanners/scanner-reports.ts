import type { Database, Reader, ScannerRunTable } from "../../db/index.ts";
import { Lru } from "../../kernel/index.ts";
import { countsOf } from "../images/counts.ts";
import type { ImageFinding } from "../match/finding.ts";
import type { Report, ReportSummary, ScanState } from "../report.ts";
import type { Maker } from "./adapter/metadata.ts";
import type { ScanKind } from "./media-types.ts";
import type { Registration } from "./registration.ts";
import { readReport } from "./reports/read-report.ts";

/** What a registered scanner has said of one image, with what Harbor's clients ask of it beside. */
export interface ScannerSummary extends ReportSummary {
  /** Of the last run. */
  readonly reportId: string;
  /** True when somebody stopped the last run. */
  readonly stopped: boolean;
  /** Of the run that the report comes from, else of the last. */
  readonly startedAt: number;
  readonly finishedAt: number | null;
  readonly maker: Maker | null;
  /** The media type of the report that stands. */
  readonly mediaType: string | null;
  /** The digest of the SBOM that stands. */
  readonly accessory: string | null;
}

/** Characters of reports that are kept parsed. */
const capacity = 32 * 1024 * 1024;

const reportColumns = [
  "scanner_report.run",
  "scanner_report.media_type",
  "scanner_report.adapter",
  "scanner_report.data_as_of",
  "scanner_report.started_at as report_started_at",
  "scanner_report.reported_at",
  "scanner_report.critical",
  "scanner_report.high",
  "scanner_report.medium",
  "scanner_report.low",
  "scanner_report.negligible",
  "scanner_report.unknown",
  "scanner_report.none",
  "scanner_report.fixable",
  "scanner_report.coverage",
  "scanner_report.accessory",
] as const;

/** The reports of registered scanners. What a run has found never changes, so it is remembered by the run's id. */
export class ScannerReports {
  readonly #database: Database;
  readonly #known = new Lru<string, { findings: readonly ImageFinding[]; size: number }>(
    capacity,
    ({ size }) => size,
  );

  constructor(database: Database) {
    this.#database = database;
  }

  /** By image; those that nobody has asked the scanner about are left out. */
  async summaries(
    { uuid, name }: Registration,
    kind: ScanKind,
    manifestIds: readonly number[],
  ): Promise<ReadonlyMap<number, ScannerSummary>> {
    if (manifestIds.length === 0) return new Map();
    const rows = await joined(this.#database.read)
      .where("scanner_run.manifest_id", "in", manifestIds)
      .where("scanner_run.scanner", "=", uuid)
      .where("scanner_run.kind", "=", kind)
      .execute();
    return new Map(rows.map((row) => [row.manifest_id, toSummary(row, name)]));
  }

  /** Null where there is none; throws AdapterError for one that can no longer be read. */
  async findings({ uuid, name }: Registration, manifestId: number): Promise<readonly ImageFinding[] | null> {
    const reports = this.#database.read
      .selectFrom("scanner_report")
      .where("manifest_id", "=", manifestId)
      .where("scanner", "=", uuid)
      .where("kind", "=", "vulnerability");
    const standing = await reports.select("run").executeTakeFirst();
    if (standing === undefined) return null;
    const known = this.#known.get(standing.run);
    if (known !== undefined) return known.findings;
    const row = await reports.select(["run", "content"]).executeTakeFirst();
    if (row === undefined) return null;
    const content = await Bun.zstdDecompress(row.content);
    const { findings } = readReport(content, name);
    this.#known.set(row.run, { findings, size: content.length + 256 });
    return findings;
  }

  async report(registration: Registration, manifestId: number): Promise<Report | null> {
    const summary = (await this.summaries(registration, "vulnerability", [manifestId])).get(manifestId);
    if (summary === undefined) return null;
    return { ...summary, findings: (await this.findings(registration, manifestId)) ?? [] };
  }

  /** What a run wrote down; null when there is no such run about one of these images. */
  async log(runId: string, manifestIds: readonly number[]): Promise<string | null> {
    if (manifestIds.length === 0) return null;
    const row = await this.#database.read
      .selectFrom("scanner_run")
      .select("log")
      .where("id", "=", runId)
      .where("manifest_id", "in", manifestIds)
      .executeTakeFirst();
    return row?.log ?? null;
  }
}

function joined(db: Reader) {
  return db
    .selectFrom("scanner_run")
    .leftJoin("scanner_report", (join) =>
      join
        .onRef("scanner_report.manifest_id", "=", "scanner_run.manifest_id")
        .onRef("scanner_report.scanner", "=", "scanner_run.scanner")
        .onRef("scanner_report.kind", "=", "scanner_run.kind"),
    )
    .select(["scanner_run.id", "scanner_run.manifest_id", "scanner_run.state", "scanner_run.failure"])
    .select(["scanner_run.requested_at", "scanner_run.started_at", "scanner_run.finished_at"])
    .select(reportColumns);
}

type JoinedRow = Awaited<ReturnType<ReturnType<typeof joined>["execute"]>>[number];

function toSummary(row: JoinedRow, scanner: string): ScannerSummary {
  return {
    scanner,
    state: toState(row.state, row.reported_at),
    failure: row.state === "failed" ? row.failure : null,
    reportedAt: row.reported_at,
    dataAsOf: row.data_as_of,
    coverage: row.coverage === null ? null : JSON.parse(row.coverage),
    counts: countsOf(row),
    fixable: row.fixable ?? 0,
    reportId: row.id,
    stopped: row.state === "stopped",
    startedAt: row.started_at ?? row.requested_at,
    finishedAt: row.finished_at,
    maker: row.adapter === null ? null : JSON.parse(row.adapter),
    mediaType: row.media_type,
    accessory: row.accessory,
  };
}

/** One that was stopped is as if nobody had asked: what there was before stands. */
function toState(state: ScannerRunTable["state"], reportedAt: number | null): ScanState {
  if (state === "stopped") return reportedAt === null ? "none" : "done";
  return state;
}

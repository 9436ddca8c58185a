import { z } from "@hono/zod-openapi";
import { type Coverage, type ScannerSummary, type ScanOverview, scannerTypes } from "../../scan/index.ts";
import { formatTime, time } from "./schemas.ts";

const maker = z.object({ name: z.string(), vendor: z.string(), version: z.string() });

export const coverageSchema = z
  .object({
    ecosystem: z.string(),
    state: z.enum(["covered", "stale", "no_feed", "end_of_life", "unparsable"]),
    as_of: time.optional(),
    packages: z.number().int(),
    message: z.string(),
  })
  .openapi("ScanCoverage");

const summarySchema = z
  .object({
    report_id: z.string(),
    scan_status: z.string(),
    severity: z.string(),
    duration: z.number().int(),
    summary: z
      .object({
        total: z.number().int(),
        fixable: z.number().int(),
        summary: z.record(z.string(), z.number().int()),
      })
      .openapi("VulnerabilitySummary")
      .optional(),
    start_time: time.optional(),
    end_time: time.optional(),
    scanner: maker.optional(),
    complete_percent: z.number().int(),
    data_as_of: time.optional().openapi({ description: "How old the data is that the report was made from" }),
    coverage: z.array(coverageSchema).optional().openapi({
      description: "Of the built-in scanner: how sure the report is about each part of the image",
    }),
    message: z.string().optional().openapi({ description: "What is wrong with the report" }),
  })
  .openapi("NativeReportSummary");

/** By the media type of the report. */
export const scanOverviewSchema = z.record(z.string(), summarySchema).openapi("ScanOverview");

export const sbomOverviewSchema = z
  .object({
    report_id: z.string(),
    scan_status: z.string(),
    start_time: time.optional(),
    end_time: time.optional(),
    duration: z.number().int(),
    sbom_digest: z.string().optional(),
    scanner: maker.optional(),
    message: z.string().optional().openapi({ description: "Why the last one was not made" }),
  })
  .openapi("SBOMOverview");

/** Every report can be had as each of these; the first that a client lists is taken. */
const reportTypes = [scannerTypes.genericReport, scannerTypes.nativeReport];

export const acceptVulnerabilities = z.object({
  "x-accept-vulnerabilities": z
    .string()
    .optional()
    .openapi({ description: `Media types of reports, separated by commas: ${reportTypes.join(", ")}` }),
});

/** The media type in which a client wants a report; null when it lists none that there is. */
export function reportTypeOf(headers: z.infer<typeof acceptVulnerabilities>): string | null {
  const wanted = (headers["x-accept-vulnerabilities"] ?? "")
    .split(",")
    .map((one) => one.toLowerCase().replace(/\s/g, ""))
    .filter((one) => one !== "");
  if (wanted.length === 0) return scannerTypes.genericReport;
  const known = new Map(reportTypes.map((one) => [one.toLowerCase().replace(/\s/g, ""), one]));
  return wanted.map((one) => known.get(one)).find((one) => one !== undefined) ?? null;
}

export function toScanOverviewBody(overview: ScanOverview): z.infer<typeof summarySchema> {
  const { counts, fixable, startedAt, finishedAt, maker, dataAsOf, coverage, message } = overview;
  const total = Object.values(counts ?? {}).reduce((sum, count) => sum + count, 0);
  return {
    report_id: overview.reportId,
    scan_status: overview.status,
    severity: counts === null ? "" : overview.severity,
    duration: durationOf(startedAt, finishedAt),
    ...(counts === null ? {} : { summary: { total, fixable, summary: { ...counts } } }),
    ...timesOf(startedAt, finishedAt),
    ...(maker === null ? {} : { scanner: maker }),
    complete_percent: overview.completePercent,
    ...(dataAsOf === null ? {} : { data_as_of: formatTime(dataAsOf) }),
    ...(coverage === null ? {} : { coverage: coverage.map(toCoverageBody) }),
    ...(message === null ? {} : { message }),
  };
}

export function toCoverageBody({ ecosystem, state, asOf, packages, message }: Coverage) {
  return { ecosystem, state, ...(asOf === null ? {} : { as_of: formatTime(asOf) }), packages, message };
}

const sbomStatuses = { pending: "Pending", running: "Running", done: "Success", failed: "Error" } as const;

export function toSbomOverviewBody(sbom: ScannerSummary): z.infer<typeof sbomOverviewSchema> {
  return {
    report_id: sbom.reportId,
    scan_status: sbom.stopped || sbom.state === "none" ? "Stopped" : sbomStatuses[sbom.state],
    ...timesOf(sbom.startedAt, sbom.finishedAt),
    duration: durationOf(sbom.startedAt, sbom.finishedAt),
    ...(sbom.accessory === null ? {} : { sbom_digest: sbom.accessory }),
    ...(sbom.maker === null ? {} : { scanner: sbom.maker }),
    ...(sbom.failure === null ? {} : { message: sbom.failure }),
  };
}

function timesOf(startedAt: number | null, finishedAt: number | null) {
  return {
    ...(startedAt === null ? {} : { start_time: formatTime(startedAt) }),
    ...(finishedAt === null ? {} : { end_time: formatTime(finishedAt) }),
  };
}

/** Seconds. */
function durationOf(startedAt: number | null, finishedAt: number | null): number {
  return startedAt === null || finishedAt === null
    ? 0
    : Math.max(0, Math.round((finishedAt - startedAt) / 1000));
}

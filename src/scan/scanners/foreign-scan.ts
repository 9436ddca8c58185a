import type { Access } from "../../access/index.ts";
import { type Clock, minute } from "../../kernel/index.ts";
import type { Accessories } from "./accessories.ts";
import { Adapter } from "./adapter/adapter.ts";
import { AdapterError } from "./adapter/adapter-error.ts";
import { type AdapterMetadata, dataAsOf, registryAuthorization, reportTypeFor } from "./adapter/metadata.ts";
import { keepSbom } from "./keep-sbom.ts";
import { obtainReport } from "./obtain-report.ts";
import { few, patiently } from "./patiently.ts";
import { lendPullAccess } from "./pull-access.ts";
import type { AdapterAccess, Registration } from "./registration.ts";
import { readNewReport, readSbom } from "./reports/read-report.ts";
import type { FinishedReport, Run } from "./runs.ts";
import type { ScanSubject } from "./subject.ts";

/** How long a scan may take in all. */
export const longestScan = 30 * minute;

export interface ForeignScanOptions {
  readonly access: Pick<Access, "temporaryRobots" | "tokens" | "robots">;
  readonly accessories: Accessories;
  readonly clock: Clock;
  /** Where scanners pull from: what clients call this server, and its own listener. */
  readonly registryUrl: { readonly external: string; readonly internal: string };
}

/** What a scan needs to know. */
export interface ForeignScanRequest {
  readonly run: Run;
  readonly subject: ScanSubject;
  readonly registration: Registration;
  readonly access: AdapterAccess;
  /** The SBOM that the one to come takes the place of. */
  readonly previousAccessory: string | null;
  readonly signal: AbortSignal;
  readonly note: (line: string) => void;
}

/** Has one image looked at by somebody else's scanner. Throws AdapterError when that came to nothing. */
export async function scanForeign(
  options: ForeignScanOptions,
  request: ForeignScanRequest,
): Promise<FinishedReport> {
  const { run, subject, registration, note } = request;
  const startedAt = options.clock();
  const signal = AbortSignal.any([request.signal, AbortSignal.timeout(longestScan)]);
  const adapter = new Adapter(request.access);
  const { answer: metadata } = await patiently(() => adapter.metadata(signal), few, { note, signal });
  const { name, version } = metadata.scanner;
  note(`${registration.name} is ${name} ${version}.`);
  const reportType = reportTypeFor(metadata, run.kind, subject.mediaType);
  if (reportType === null) {
    throw new AdapterError(
      `The scanner "${registration.name}" makes no ${run.kind} report of ${subject.mediaType}.`,
    );
  }
  const how = registryAuthorization(metadata);
  await using lent = await lendPullAccess(
    options.access,
    run.id,
    subject.repository,
    run.kind,
    how,
    longestScan + minute,
  );
  const { external, internal } = options.registryUrl;
  const order = {
    registry: {
      url: registration.useInternalAddress ? internal : external,
      authorization: lent.authorization,
    },
    artifact: {
      repository: subject.repository,
      digest: subject.digest,
      tag: subject.tag,
      mime_type: subject.mediaType,
      size: subject.totalSize,
    },
    kind: run.kind,
    reportType,
  };
  const content = await obtainReport(adapter, order, { clock: options.clock, note, signal });
  note(`The report has ${content.length} bytes.`);
  const { findings, ...found } =
    run.kind === "sbom"
      ? await keepForeignSbom(options, request, content)
      : await keepFindings(content, name);
  const report = {
    ...found,
    media_type: reportType,
    adapter: JSON.stringify(metadata.scanner),
    data_as_of: freshness(metadata, options.clock()),
    started_at: startedAt,
    reported_at: options.clock(),
  };
  return { report, findings };
}

async function keepFindings(content: Uint8Array, scanner: string) {
  const { findings, coverage: said } = readNewReport(content, scanner);
  const compressed = new Uint8Array(await Bun.zstdCompress(content));
  const coverage = said === null ? null : JSON.stringify(said);
  return { findings, content: compressed, coverage, accessory: null };
}

async function keepForeignSbom(
  { accessories, clock }: ForeignScanOptions,
  { subject, previousAccessory, registration, note }: ForeignScanRequest,
  report: Uint8Array,
) {
  const sbom = readSbom(report);
  const author = registration.name;
  const accessory = await keepSbom(accessories, {
    subject,
    sbom,
    previousAccessory,
    at: clock(),
    author,
    note,
  });
  // What it says lies in the registry.
  return { findings: [], content: new Uint8Array(), coverage: null, accessory };
}

/** Nobody's data is from the future. */
function freshness(metadata: AdapterMetadata, now: number): number | null {
  const asOf = dataAsOf(metadata);
  return asOf === null ? null : Math.min(asOf, now);
}

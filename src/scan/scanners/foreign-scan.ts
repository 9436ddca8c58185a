import type { Access } from "../../access/index.ts";
import { type Clock, minute, second } from "../../kernel/index.ts";
import type { Accessories } from "./accessories.ts";
import { Adapter, type ScanRequest } from "./adapter/adapter.ts";
import { AdapterError } from "./adapter/adapter-error.ts";
import { type AdapterMetadata, dataAsOf, registryAuthorization, reportTypeFor } from "./adapter/metadata.ts";
import { keepSbom } from "./keep-sbom.ts";
import { pause } from "./pause.ts";
import { lendPullAccess } from "./pull-access.ts";
import type { AdapterAccess, Registration } from "./registration.ts";
import { readNewReport, readSbom } from "./reports/read-report.ts";
import type { FinishedReport, Run } from "./runs.ts";
import type { ScanSubject } from "./subject.ts";

/** How long a scan may take in all. */
export const longestScan = 30 * minute;
/** Scanners of images are not done sooner. */
const firstLook = 2 * second;
/** How often in a row a look at the report may come to nothing. */
const maxSilences = 3;
/** How often a scan is submitted that the adapter then does not know. */
const maxSubmissions = 3;

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
  const metadata = await adapter.metadata(signal);
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
  const content = await obtain(adapter, note, signal, {
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
  });
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

/** Submits the scan and waits for its report. */
async function obtain(
  adapter: Adapter,
  note: (line: string) => void,
  signal: AbortSignal,
  request: ScanRequest,
): Promise<Uint8Array> {
  for (let submission = 1; submission <= maxSubmissions; submission++) {
    const id = await adapter.submit(request, signal);
    note(`Submitted ${request.artifact.repository}@${request.artifact.digest}; the scanner calls it ${id}.`);
    const content = await awaitReport(adapter, id, request, note, signal);
    if (content !== null) return content;
    note("The scanner does not know the scan any more.");
  }
  throw new AdapterError(
    `The scanner forgot the scan ${maxSubmissions} times; its own log tells why it failed.`,
  );
}

/** Null when the adapter does not know the scan. */
async function awaitReport(
  adapter: Adapter,
  id: string,
  { kind, reportType }: ScanRequest,
  note: (line: string) => void,
  signal: AbortSignal,
): Promise<Uint8Array | null> {
  let silences = 0;
  for (let wait = firstLook; ; ) {
    await pause(wait, signal);
    try {
      const answer = await adapter.report(id, kind, reportType, signal);
      silences = 0;
      if (answer.state === "gone") return null;
      if (answer.state === "ready") return answer.content;
      wait = answer.after;
    } catch (error) {
      if (!(error instanceof AdapterError && error.passing) || ++silences >= maxSilences) throw error;
      note(error.message);
    }
  }
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

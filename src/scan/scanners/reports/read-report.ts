import { isDigest } from "../../../kernel/index.ts";
import type { Coverage, Cvss, FindingStatus, ImageFinding } from "../../match/finding.ts";
import { type Severity, severities } from "../../severity.ts";
import { AdapterError } from "../adapter/adapter-error.ts";
import { worseOf } from "../worse-of.ts";
import { readCoverage } from "./read-coverage.ts";
import {
  newVulnerabilityReport,
  type ReportedVulnerability,
  sbomReport,
  type VulnerabilityReport,
  vulnerabilityReport,
} from "./report-format.ts";

export interface ReadReport {
  readonly findings: readonly ImageFinding[];
  /** How sure the report is, where it says so, as another Breakwater's does; else null. */
  readonly coverage: readonly Coverage[] | null;
}

/** What a report says that is kept. Throws AdapterError for what is none. */
export function readReport(content: Uint8Array, scanner: string): ReadReport {
  return toReport(parse(vulnerabilityReport, content), scanner);
}

/** What an adapter's report says. Throws AdapterError for what is none, or more than is taken of one image. */
export function readNewReport(content: Uint8Array, scanner: string): ReadReport {
  return toReport(parse(newVulnerabilityReport, content), scanner);
}

function toReport(report: VulnerabilityReport, scanner: string): ReadReport {
  const { vulnerabilities, coverage, generated_at: generatedAt, scanner: maker } = report;
  // Any JSON object lacks the list, and would be a clean image.
  if (vulnerabilities === undefined && !(generatedAt && maker?.name)) {
    throw new AdapterError(
      "The scanner's report is not valid: it lists no vulnerabilities, and does not say when and by what it was made.",
    );
  }
  const found = new Map<string, ImageFinding>();
  for (const item of vulnerabilities ?? []) {
    const finding = toFinding(item, scanner);
    const key = JSON.stringify([finding.id, finding.package, finding.version]);
    const known = found.get(key);
    // Some scanners name a vulnerability once for each place of the package, and may rate each by itself.
    found.set(key, known === undefined ? finding : worseOf(known, finding));
  }
  return { findings: [...found.values()], coverage: readCoverage(coverage) };
}

/** The SBOM of an adapter's report, as its own bytes. Throws AdapterError. */
export function readSbom(content: Uint8Array): Uint8Array {
  const { sbom } = parse(sbomReport, content);
  return new TextEncoder().encode(typeof sbom === "string" ? sbom : JSON.stringify(sbom));
}

function parse<T>(
  schema: {
    safeParse(
      json: unknown,
    ):
      | { success: true; data: T }
      | { success: false; error: { issues: readonly { path: readonly PropertyKey[]; message: string }[] } };
  },
  content: Uint8Array,
): T {
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder().decode(content));
  } catch (cause) {
    throw new AdapterError("The scanner's report is not JSON.", { cause });
  }
  const result = schema.safeParse(json);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw new AdapterError(`The scanner's report is not valid: ${issue?.path.join(".")} ${issue?.message}.`);
}

function toFinding(item: ReportedVulnerability, scanner: string): ImageFinding {
  const place = {
    package: item.package ?? "",
    version: item.version ?? "",
    purl: null,
    path: null,
    layer: item.layer?.digest && isDigest(item.layer.digest) ? item.layer.digest : null,
  };
  return {
    id: item.id,
    aliases: [],
    status: toStatus(item.status ?? ""),
    fixedVersion: item.fix_version || null,
    severity: toSeverity(item.severity ?? ""),
    summary: "",
    description: item.description ?? "",
    cvss: [...toCvss(item)],
    cwes: item.cwe_ids ?? [],
    exploitedSince: null,
    epss: null,
    links: item.links ?? [],
    publishedAt: null,
    modifiedAt: null,
    feed: scanner,
    ...place,
    type: null,
    ecosystem: "",
    places: [place],
  };
}

/** What nobody knows is no harmless one. */
function toSeverity(text: string): Severity {
  return severities.find((severity) => severity.toLowerCase() === text.toLowerCase()) ?? "Unknown";
}

const statuses: Readonly<Record<string, FindingStatus>> = {
  will_not_fix: "will_not_fix",
  end_of_life: "will_not_fix",
  fix_deferred: "fix_deferred",
  under_investigation: "under_investigation",
};

function toStatus(text: string): FindingStatus {
  const word = text.toLowerCase();
  return Object.hasOwn(statuses, word) ? (statuses[word] ?? "affected") : "affected";
}

/** The one that the scanner prefers first, then each vendor's. */
function* toCvss({ preferred_cvss: preferred, vendor_attributes }: ReportedVulnerability): Iterable<Cvss> {
  const seen = new Set<string>();
  const one = function* (
    source: string,
    usual: string,
    vector: string | null | undefined,
    score: number | null | undefined,
  ) {
    const version = /^CVSS:(\d\.\d)\//.exec(vector ?? "")?.[1] ?? usual;
    const key = `${version} ${vector} ${score}`;
    if (!vector || score == null || seen.has(key)) return;
    seen.add(key);
    yield { version, vector, score, source };
  };
  yield* one("", "3.1", preferred?.vector_v3, preferred?.score_v3);
  yield* one("", "2.0", preferred?.vector_v2, preferred?.score_v2);
  for (const [vendor, given] of Object.entries(vendor_attributes?.CVSS ?? {})) {
    yield* one(vendor, "4.0", given.V40Vector, given.V40Score);
    yield* one(vendor, "3.1", given.V3Vector, given.V3Score);
    yield* one(vendor, "2.0", given.V2Vector, given.V2Score);
  }
}

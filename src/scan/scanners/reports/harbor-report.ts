import type { Digest } from "../../../kernel/index.ts";
import { type Cvss, type ImageFinding, listedPlaces } from "../../match/finding.ts";
import type { Severity } from "../../severity.ts";
import type { Maker } from "../adapter/metadata.ts";

export interface ReportToWrite {
  /** Milliseconds since 1970. */
  readonly generatedAt: number;
  readonly maker: Maker | null;
  readonly severity: Severity;
  readonly findings: readonly { readonly finding: ImageFinding; readonly images: readonly Digest[] }[];
}

/** A report as Harbor's clients read it: what 1.1 has beyond 1.0 is in both, as in Harbor. */
export function toHarborReport({ generatedAt, maker, severity, findings }: ReportToWrite) {
  return {
    generated_at: new Date(generatedAt).toISOString(),
    ...(maker === null ? {} : { scanner: maker }),
    severity,
    vulnerabilities: findings.map(({ finding, images }) => toItem(finding, images)),
  };
}

function toItem(finding: ImageFinding, images: readonly Digest[]) {
  const { aliases, exploitedSince, epss, places, purl } = finding;
  return {
    id: finding.id,
    package: finding.package,
    version: finding.version,
    fix_version: finding.fixedVersion ?? "",
    severity: finding.severity,
    status: finding.status,
    description: finding.description || finding.summary,
    links: finding.links,
    artifact_digests: images,
    preferred_cvss: preferred(finding.cvss),
    cwe_ids: finding.cwes,
    ...(finding.layer === null ? {} : { layer: { digest: finding.layer } }),
    vendor_attributes: {
      CVSS: bySource(finding.cvss),
      ...(aliases.length === 0 ? {} : { aliases }),
      ...(purl === null ? {} : { purl }),
      ...(exploitedSince === null ? {} : { exploited_since: new Date(exploitedSince).toISOString() }),
      ...(epss === null ? {} : { epss }),
      ...(places.length <= 1 ? {} : { places: places.slice(0, listedPlaces) }),
    },
  };
}

function preferred(cvss: readonly Cvss[]) {
  const best = (version: string) => cvss.find((one) => one.version.startsWith(version));
  const [v3, v2] = [best("3"), best("2")];
  return {
    score_v3: v3?.score ?? null,
    score_v2: v2?.score ?? null,
    vector_v3: v3?.vector ?? "",
    vector_v2: v2?.vector ?? "",
  };
}

/** As Trivy's adapter writes it, which is where Harbor's clients look. */
function bySource(cvss: readonly Cvss[]) {
  const sources: Record<string, Record<string, string | number>> = {};
  for (const { version, vector, score, source } of cvss) {
    const key = version.startsWith("4") ? "V40" : version.startsWith("2") ? "V2" : "V3";
    sources[source] = { ...sources[source], [`${key}Vector`]: vector, [`${key}Score`]: score };
  }
  return sources;
}

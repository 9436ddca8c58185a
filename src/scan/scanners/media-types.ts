/** Media types of the pluggable scanner API, at the versions that every adapter takes (specification 1.0 to 1.2). */
export const scannerTypes = {
  metadata: "application/vnd.scanner.adapter.metadata+json; version=1.0",
  scanRequest: "application/vnd.scanner.adapter.scan.request+json; version=1.0",
  scanResponse: "application/vnd.scanner.adapter.scan.response+json; version=1.0",
  /** Harbor's own report. */
  nativeReport: "application/vnd.scanner.adapter.vuln.report.harbor+json; version=1.0",
  /** The same with CVSS, CWE and what vendors add. */
  genericReport: "application/vnd.security.vulnerability.report; version=1.1",
  sbomReport: "application/vnd.security.sbom.report+json; version=1.0",
} as const;

/** What an adapter can be asked for. */
export type ScanKind = "vulnerability" | "sbom";

/** The SBOMs that are asked for: every tool reads it. */
export const sbomMediaType = "application/spdx+json";

/** True when both name the same media type, whatever the case and the blanks around its parameters. */
export function sameMediaType(a: string, b: string): boolean {
  return plain(a) === plain(b);
}

function plain(mediaType: string): string {
  return mediaType.toLowerCase().replace(/\s/g, "");
}

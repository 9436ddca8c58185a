import type { Generated } from "kysely";

/** The tables of the room `scan` that are about other people's scanners; the rules are those of `schema.ts`. */
export interface ScannerSchema {
  scanner_registration: ScannerRegistrationTable;
  project_scanner: ProjectScannerTable;
  scanner_run: ScannerRunTable;
  scanner_report: ScannerReportTable;
  scanner_finding: ScannerFindingTable;
  scanner_image_finding: ScannerImageFindingTable;
  scan_order: ScanOrderTable;
}

/** Other people's scanners, as administrators have registered them; the built-in one has no row. */
export interface ScannerRegistrationTable {
  uuid: string;
  name: string;
  description: string;
  url: string;
  auth: "" | "Basic" | "Bearer" | "APIKey";
  /** Encrypted: nonce, ciphertext and tag of AES-256-GCM; null without one. */
  credential: Uint8Array | null;
  skip_cert_verify: number;
  use_internal_addr: number;
  disabled: number;
  /** 1 of one at most; where none has it, the built-in scanner is the default. */
  is_default: number;
  created_at: number;
  updated_at: number;
}

/** The scanner of a project that has chosen one. */
export interface ProjectScannerTable {
  project_id: number;
  /** A registration's uuid, or the built-in scanner's. */
  scanner: string;
}

/** The last time that a scanner was asked about an image. */
export interface ScannerRunTable {
  /** UUID: Harbor's id of the report. Another one each time. */
  id: string;
  manifest_id: number;
  scanner: string;
  kind: "vulnerability" | "sbom";
  state: "pending" | "running" | "failed" | "stopped" | "done";
  /** The job that asked for all images; null where one was asked for. */
  sweep: number | null;
  /** The oldest goes first. */
  requested_at: number;
  started_at: number | null;
  finished_at: number | null;
  holder: string | null;
  held_until: number | null;
  attempts: number;
  failure: string | null;
  /** Lines for people. */
  log: string;
}

/** The last report that was whole; a run that fails leaves it alone. */
export interface ScannerReportTable {
  manifest_id: number;
  scanner: string;
  kind: "vulnerability" | "sbom";
  run: string;
  /** Of what the scanner sent. */
  media_type: string;
  /** What the scanner sent, compressed with zstd. */
  content: Uint8Array;
  /** JSON: name, vendor and version of who made it. */
  adapter: string;
  /** How old the scanner's own data was; null where it does not say. */
  data_as_of: number | null;
  started_at: number;
  reported_at: number;
  critical: number;
  high: number;
  medium: number;
  low: number;
  negligible: number;
  unknown: number;
  none: number;
  /** Of all these, those for which there is a fix. */
  fixable: number;
  /** JSON: `Coverage[]`; null where the scanner does not say. */
  coverage: string | null;
  /** The digest under which an SBOM was pushed. */
  accessory: string | null;
}

/** What a scanner has said of a package, once for all images: what searches need of the reports that stand. */
export interface ScannerFindingTable {
  id: Generated<number>;
  scanner: string;
  /** Of all that makes it another one: the scanner, and the columns up to the score. */
  hash: string;
  vulnerability: string;
  package: string;
  version: string;
  fixed_version: string | null;
  /** `rankOf`. */
  severity: number;
  /** Tenths of the CVSS 3 score, else of the best of any other version; null without one. */
  score: number | null;
  description: string;
  /** JSON. */
  links: string;
}

/** Which images have it, by the report that stands of each. */
export interface ScannerImageFindingTable {
  manifest_id: number;
  finding_id: number;
}

/** What another registry has asked the built-in scanner to look at, and what came of it. */
export interface ScanOrderTable {
  /** UUID. */
  id: string;
  /** Who asked, and alone may fetch the report: `robot:7`. */
  requester: string;
  /** JSON, encrypted: it holds the other registry's credentials. */
  request: Uint8Array;
  state: "pending" | "running" | "failed" | "done";
  failure: string | null;
  /** JSON, compressed with zstd. */
  report: Uint8Array | null;
  holder: string | null;
  held_until: number | null;
  attempts: number;
  created_at: number;
  finished_at: number | null;
}

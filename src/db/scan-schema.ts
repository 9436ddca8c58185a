import type { Generated } from "kysely";

/** The tables of the room `scan`; the rules are those of `schema.ts`. */
export interface ScanSchema {
  layer_inventory: LayerInventoryTable;
  image_scan: ImageScanTable;
  package_identity: PackageIdentityTable;
  image_package: ImagePackageTable;
  package_finding: PackageFindingTable;
  feed: FeedTable;
}

/** What was read of a layer, once for all images that have it; it goes when the blob goes. */
export interface LayerInventoryTable {
  blob_id: number;
  /** The version of the reader: a newer one reads the layer again. */
  reader: number;
  /** Why it could not be read; null when it was. */
  failure: string | null;
  /** JSON, compressed with zstd; null when it could not be read. */
  content: Uint8Array | null;
  read_at: number;
}

/** The built-in scanner's work on an image, and what came of it. */
export interface ImageScanTable {
  manifest_id: number;
  state: "pending" | "running" | "failed" | "done";
  /** When it was last asked for: the oldest goes first. */
  requested_at: number;
  holder: string | null;
  held_until: number | null;
  attempts: number;
  failure: string | null;
  reader: number | null;
  /** The image's inventory: JSON, compressed with zstd. Stands while a newer scan is under way. */
  inventory: Uint8Array | null;
  inventoried_at: number | null;
  /** The vulnerability database that the counts below come from. */
  vulndb: string | null;
  matched_at: number | null;
  /** JSON: `Coverage[]`. */
  coverage: string | null;
  /** Findings by severity: JSON. */
  counts: string | null;
  fixable: number;
}

/** What advisories are about (`Identity`), once for all images. */
export interface PackageIdentityTable {
  id: Generated<number>;
  ecosystem: string;
  name: string;
  version: string;
  module: string;
  /** The vulnerability database that its findings come from; null before the first. */
  vulndb: string | null;
}

/** Which images hold a package; those that the operating system's vendor answers for are left out. */
export interface ImagePackageTable {
  manifest_id: number;
  package_id: number;
}

/** What is known against a package: what policies and searches need. The rest the vulnerability database tells. */
export interface PackageFindingTable {
  package_id: number;
  /** `Finding.id`. */
  vulnerability: string;
  /** `rankOf`. */
  severity: number;
  status: string;
  fixed_version: string | null;
  /** Tenths of the best CVSS score; null without one. */
  score: number | null;
  /** 1 when it is known to be exploited. */
  exploited: number;
  /** Millionths; null without an estimate. */
  epss: number | null;
}

/** How each feed of the vulnerability database fares, as the last attempt left it. */
export interface FeedTable {
  name: string;
  last_attempt_at: number | null;
  last_success_at: number | null;
  /** Attempts that failed since the last success. */
  failures: number;
  error: string | null;
  /** Not before then. */
  next_attempt_at: number | null;
  /** What the source said of what it gave: its `ETag` or the digest, to ask whether there is anything new. */
  revision: string | null;
}

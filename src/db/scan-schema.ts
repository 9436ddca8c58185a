import type { Generated } from "kysely";
import type { ScannerSchema } from "./scanner-schema.ts";

/** The tables of the room `scan`; the rules are those of `schema.ts`. */
export interface ScanSchema extends ScannerSchema {
  layer_inventory: LayerInventoryTable;
  image_scan: ImageScanTable;
  image_inventory: ImageInventoryTable;
  package_identity: PackageIdentityTable;
  image_package: ImagePackageTable;
  package_finding: PackageFindingTable;
  feed: FeedTable;
  vulnerability_exception: VulnerabilityExceptionTable;
  vex_document: VexDocumentTable;
  vex_statement: VexStatementTable;
  referrer_pusher: ReferrerPusherTable;
}

/** What was read of a layer, once for all images that have it; it goes when the blob goes. */
export interface LayerInventoryTable {
  blob_id: number;
  /** The version of the reader: a newer one reads the layer again. 0 where what went wrong may pass. */
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
  state: "pending" | "running" | "failed" | "stopped" | "done";
  /** The job that asked for all images; null where the last to ask was somebody else. */
  sweep: number | null;
  /** When it was last asked for: the oldest goes first. */
  requested_at: number;
  holder: string | null;
  /** Until then nobody else takes it: who holds it, or what failed and pauses. */
  held_until: number | null;
  /** Since it was asked for, or last succeeded. */
  attempts: number;
  failure: string | null;
  /** The version of the reader that tried last. */
  tried_by: number | null;
  /** When the inventory that stands was made; null before the first. */
  inventoried_at: number | null;
  /** JSON, what of the image coverage is about: `ImagePart[]`. */
  parts: string | null;
  /** When the findings below were counted. */
  counted_at: number | null;
  critical: Generated<number>;
  high: Generated<number>;
  medium: Generated<number>;
  low: Generated<number>;
  negligible: Generated<number>;
  unknown: Generated<number>;
  none: Generated<number>;
  /** Of all these, those for which there is a fix. */
  fixable: Generated<number>;
  /** JSON: by ecosystem, how many packages have a version that could not be compared. */
  undecided: string | null;
}

/** The inventory that stands, also while a newer scan is under way. Apart, because it is large and seldom read. */
export interface ImageInventoryTable {
  manifest_id: number;
  /** The version of the reader. */
  reader: number;
  /** JSON, compressed with zstd. */
  content: Uint8Array;
}

/** What advisories are about (`Identity`), once for all images. */
export interface PackageIdentityTable {
  id: Generated<number>;
  ecosystem: string;
  name: string;
  version: string;
  module: string;
  origin: string;
  /** The vulnerability database that its findings come from; null before the first. */
  vulndb: string | null;
  /** When its findings last changed; 0 before the first. */
  changed_at: number;
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
  /** Tenths of the CVSS 3 score, else of the best of any other version; null without one. */
  score: number | null;
  /** 1 when it is known to be exploited. */
  exploited: number;
  /** Millionths; null without an estimate. */
  epss: number | null;
  /** When it was first found. */
  found_at: number;
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

/** One vulnerability that is overlooked, in everything or in what the other columns narrow it to. */
export interface VulnerabilityExceptionTable {
  id: Generated<number>;
  /** Null for all projects that take over the system's. */
  project_id: number | null;
  /** In capitals. */
  vulnerability: string;
  /** A package's name or purl. */
  package: string | null;
  repository: string | null;
  digest: string | null;
  expires_at: number | null;
  author: string;
  reason: string;
  created_at: number;
}

/** An imported VEX document: the newest of its author under its name. */
export interface VexDocumentTable {
  id: Generated<number>;
  /** Null for all projects that take over the system's. */
  project_id: number | null;
  format: "openvex" | "csaf";
  author: string;
  /** What its author calls it: `@id` of OpenVEX, `tracking.id` of CSAF. */
  name: string;
  version: string;
  issued_at: number;
  /** How many it has. */
  statements: number;
  imported_by: string;
  imported_at: number;
}

/** What an imported document says of one vulnerability; under each of its names. */
export interface VexStatementTable {
  id: Generated<number>;
  document_id: number;
  /** In capitals. */
  vulnerability: string;
  /** JSON: `VexStatement`. */
  content: string;
}

/** Who has pushed a manifest that refers to another. */
export interface ReferrerPusherTable {
  manifest_id: number;
  kind: "user" | "robot" | "anonymous" | "system";
  name: string;
}

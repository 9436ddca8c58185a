import type { Cvss, FindingStatus } from "../match/finding.ts";
import type { Severity } from "../severity.ts";
import type { VersionScheme } from "../versions/scheme.ts";

/** What a feed says of one vulnerability, in the form that all feeds are brought to. */
export interface Advisory {
  /** The feed's own id: `DSA-5417-1`, `GHSA-…`, `RHSA-2024:1234`, `CVE-2024-1234`. */
  readonly id: string;
  /** Other names of the same vulnerability, and the vulnerabilities that it is about (OSV's `aliases` and `upstream`). */
  readonly aliases: readonly string[];
  readonly summary: string;
  readonly description: string;
  /** The vendor's; null where it says none. */
  readonly severity: Severity | null;
  readonly cvss: readonly Omit<Cvss, "score">[];
  readonly cwes: readonly string[];
  readonly links: readonly string[];
  readonly publishedAt: number | null;
  readonly modifiedAt: number | null;
  readonly affected: readonly Affected[];
}

/** A package that an advisory speaks of. */
export interface Affected {
  /** As in `Identity`. */
  readonly ecosystem: string;
  /** As in `Identity`, or the `sourceName` of what that was built from. */
  readonly name: string;
  /** An rpm's module and stream; `*` for any, where the feed does not say which; null when it holds for those without one. */
  readonly module: string | null;
  readonly scheme: VersionScheme;
  /** What is vulnerable: the union of the ranges and of `versions`. */
  readonly ranges: readonly Range[];
  readonly versions: readonly string[];
  /** What is said of a version that is vulnerable; `not_affected` takes a version out of what others say. */
  readonly status: Exclude<FindingStatus, "unknown"> | "not_affected";
  /** Where the vendor grades this package, or this release, differently. */
  readonly severity: Severity | null;
}

/** `[introduced, fixed)`, or `[introduced, lastAffected]`; `introduced` of "0" is from the first on. */
export interface Range {
  readonly introduced: string;
  readonly fixed: string | null;
  readonly lastAffected: string | null;
}

/** What a compiled database says of itself. */
export interface DatabaseManifest {
  /** SHA-256 of what it was made from, in hexadecimal: equal contents have equal versions. */
  readonly version: string;
  readonly schema: number;
  readonly builtAt: number;
  readonly feeds: readonly FeedManifest[];
}

export interface FeedManifest {
  /** As it is configured: `debian`, `osv-go`. */
  readonly name: string;
  /** Its format: `osv`, `secdb`, … */
  readonly format: string;
  readonly source: string;
  /** The feed's own time, else that of its newest record; null when it has none. Milliseconds since 1970. */
  readonly asOf: number | null;
  readonly fetchedAt: number;
  readonly sha256: string;
  readonly records: number;
  /** Records that are not what they should be, and are left out. */
  readonly unreadable: number;
  /** The releases and languages that it tells of. */
  readonly groups: readonly GroupManifest[];
}

/** One ecosystem of a feed: `Debian:12`. A feed that no longer has one keeps what it last said of it. */
export interface GroupManifest {
  readonly ecosystem: string;
  readonly records: number;
  readonly asOf: number | null;
  /** True when the feed has dropped it, and what is here is what it last said. */
  readonly dropped: boolean;
}

import type { Digest } from "../../kernel/index.ts";
import type { PackageType } from "../inventory/package.ts";
import type { Severity } from "../severity.ts";

/**
 * What an advisory is about, once for all images that have it: `libssl3` of Debian is found by its source package.
 * Findings belong to identities, images join to them, so that new advisories are matched with identities alone.
 */
export interface Identity {
  /** As OSV names it, with the release where there is one: `Debian:12`, `Alpine:v3.10`, `AlmaLinux:9`, `PyPI`. */
  readonly ecosystem: string;
  /** The name that advisories use: the source package's of Debian, the origin's of Alpine, an rpm's own. */
  readonly name: string;
  /** The version that goes with that name. */
  readonly version: string;
  /** An rpm's module and stream, `nodejs:18`; empty where there is none. */
  readonly module: string;
  /**
   * `perl 4:5.26.3-420.el8`: what it was built from, where advisories may name that in place of the package; else
   * empty.
   */
  readonly origin: string;
}

/**
 * `affected`: the package is vulnerable; a fix may exist. `will_not_fix`: vulnerable, and its vendor says that it
 * stays so. `fix_deferred`: vulnerable, and its vendor has put the fix off. `under_investigation`: not known yet,
 * Debian's `undetermined` among them. `unknown`: the version could not be compared. What is not affected, or fixed,
 * is no finding.
 */
export type FindingStatus = "affected" | "will_not_fix" | "fix_deferred" | "under_investigation" | "unknown";

export interface Cvss {
  /** `2.0`, `3.0`, `3.1`, `4.0`. */
  readonly version: string;
  readonly vector: string;
  /** 0 to 10, worked out from the vector. */
  readonly score: number;
  /** Whose assessment: `nvd`, `ghsa`, `redhat`, … */
  readonly source: string;
}

/** One vulnerability of one identity. */
export interface Finding {
  /** As people know it: the CVE where there is one, else the advisory's own. */
  readonly id: string;
  /** Every other name, the advisory's own among them (`DSA-5417-1`, `GHSA-…`). */
  readonly aliases: readonly string[];
  readonly status: FindingStatus;
  /** The first version that is not affected; null where there is none. */
  readonly fixedVersion: string | null;
  /** The vendor's; where it says none that of the best score. */
  readonly severity: Severity;
  readonly summary: string;
  readonly description: string;
  readonly cvss: readonly Cvss[];
  readonly cwes: readonly string[];
  /** Known to be exploited (CISA's list): the day it was added, milliseconds since 1970. */
  readonly exploitedSince: number | null;
  /** FIRST's estimate that it is exploited within 30 days, 0 to 1. */
  readonly epss: { readonly probability: number; readonly percentile: number } | null;
  readonly links: readonly string[];
  readonly publishedAt: number | null;
  readonly modifiedAt: number | null;
  /** The feed that told of it. */
  readonly feed: string;
}

/**
 * How sure a report is about a part of an image, one release of a distribution or one language.
 * `covered`: a feed is there and fresh. `stale`: it is older than it may be. `no_feed`: nobody tells of it.
 * `end_of_life`: its vendor no longer looks. `unparsable`: packages, or their versions, could not be read.
 */
export const coverageStates = ["covered", "stale", "no_feed", "end_of_life", "unparsable"] as const;

export type CoverageState = (typeof coverageStates)[number];

/** Characters of a coverage's texts; what is longer is cut: images say themselves what they are called. */
export const maxEcosystem = 256;
export const maxMessage = 4096;

export interface Coverage {
  /** As in `Identity`; the distribution's own words where no feed's name is known: `voidlinux`. */
  readonly ecosystem: string;
  readonly state: CoverageState;
  /** The feed's own time, the oldest where several tell of it, milliseconds since 1970; null without one. */
  readonly asOf: number | null;
  /** Packages of it in the image. */
  readonly packages: number;
  /** A sentence for people, with what to do where it is not covered. */
  readonly message: string;
}

/** A finding where it lies in an image. */
export interface ImageFinding extends Finding {
  /** As advisories name it: the source package's name where they do so, with the version that goes with it. */
  readonly package: string;
  readonly version: string;
  readonly type: PackageType | null;
  readonly ecosystem: string;
  /** Of the first of `places`. */
  readonly purl: string | null;
  readonly path: string | null;
  /** The layer that brought it; null where the scanner does not say. */
  readonly layer: Digest | null;
  /** Each package of the image that it is about: the binaries of one source, the copies of one jar. */
  readonly places: readonly Place[];
}

export interface Place {
  readonly package: string;
  readonly version: string;
  readonly purl: string | null;
  readonly path: string | null;
  readonly layer: Digest | null;
}

/** Of one finding, in what is written down: each of an image's findings may lie in a hundred thousand places. */
export const listedPlaces = 100;

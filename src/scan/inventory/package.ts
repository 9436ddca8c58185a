import type { Digest } from "../../kernel/index.ts";

/** The kinds of packages, by the types of their package URLs. */
export type PackageType =
  | "deb"
  | "apk"
  | "rpm"
  | "pypi"
  | "npm"
  | "maven"
  | "golang"
  | "cargo"
  | "gem"
  | "composer"
  | "nuget";

/** Those of operating systems; null is of files that tell of no packages themselves, `os-release` and lists of files. */
export const osTypes: readonly (PackageType | null)[] = ["deb", "apk", "rpm", null];

/** A package as its manager has written it down. */
export interface Package {
  readonly type: PackageType;
  /** As its ecosystem names it: `group:artifact` for Maven, `vendor/name` for Composer, the module's path for Go. */
  readonly name: string;
  /** Whole: a deb's with its epoch, an rpm's as `[epoch:]version-release`. */
  readonly version: string;
  readonly architecture: string | null;
  /** What it was built from and what a distribution's advisories are about, where that is said; null where the same. */
  readonly source: { readonly name: string; readonly version: string } | null;
  /** An rpm's modularity label, `nodejs:18:8070020230306:abcdef`. */
  readonly module: string | null;
  /** Of an rpm its vendor, of a deb its maintainer, `Name <address>`, or the vendor that those of no distribution name. */
  readonly vendor: string | null;
  /** SPDX expressions, or what the package says in their place. */
  readonly licenses: readonly string[];
  /** Of the file that told of it, without a slash at its start; a jar in a jar as `app.war!/WEB-INF/lib/a.jar`. */
  readonly path: string;
}

/**
 * Who has made a package of an operating system: its distribution, whose advisories speak of it, somebody else, of
 * whom they do not speak, or nobody can tell.
 */
export type Maker = "distribution" | "other" | "unknown";

/** A package of an image. */
export interface ImagePackage extends Package {
  /** The layer that brought the file that tells of it. For a package database, the layer that this package first came with. */
  readonly layer: Digest;
  /** Whether that file belongs to a package that the distribution itself has made, and answers for. */
  readonly managed: boolean;
}

/** `os-release`, and what corrects it. */
export interface Distribution {
  /** `ID`, in lower case: `debian`, `alpine`, `openeuler` of `openEuler`. */
  readonly id: string;
  /** `VERSION_ID`, or empty (rolling releases). Of Alpine what `/etc/apk/repositories` says, where it says so. */
  readonly version: string;
  /** `ID_LIKE`. */
  readonly like: readonly string[];
  /** `VERSION_CODENAME`. */
  readonly codename: string | null;
  /** `PRETTY_NAME`, for people. */
  readonly name: string;
}

/** Something in a layer that could not be read, so that packages may be missing from the inventory. */
export interface InventoryFailure {
  readonly layer: Digest;
  /** The file in the layer; null when it is the layer itself. */
  readonly path: string | null;
  /** What the file would have told of; null when that cannot be said. */
  readonly type: PackageType | null;
  /** As of a package. */
  readonly managed: boolean;
  /** A sentence. */
  readonly reason: string;
}

/** What is inside an image. */
export interface ImageInventory {
  readonly distribution: Distribution | null;
  readonly packages: readonly ImagePackage[];
  readonly failures: readonly InventoryFailure[];
}

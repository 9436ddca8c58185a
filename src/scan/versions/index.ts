import { apk } from "./apk.ts";
import { composer } from "./composer.ts";
import { deb } from "./deb.ts";
import { gem } from "./gem.ts";
import { go } from "./go.ts";
import { maven } from "./maven.ts";
import { nuget } from "./nuget.ts";
import type { Version, VersionOrder } from "./order.ts";
import { pep440 } from "./pep440.ts";
import { rpm } from "./rpm.ts";
import type { VersionScheme } from "./scheme.ts";
import { semver } from "./semver.ts";

export type { Version } from "./order.ts";
export type { VersionScheme } from "./scheme.ts";

const orders: Readonly<Record<VersionScheme, VersionOrder>> = {
  deb,
  apk,
  rpm,
  pep440,
  semver,
  maven,
  gem,
  nuget,
  composer,
  go,
};

/** Characters of a version. No ecosystem comes near it, and it bounds what a hostile one costs. */
const maxLength = 512;

/** Reads a version that is to be compared with many; null where the scheme does not know such a version. */
export function parseVersion(scheme: VersionScheme, text: string): Version | null {
  return text.length > maxLength ? null : orders[scheme].parse(text);
}

/** Below 0 where `a` is the older, above 0 where `b` is, 0 where neither. Both must have been read by this scheme. */
export function compareParsed(scheme: VersionScheme, a: Version, b: Version): number {
  return orders[scheme].compare(a, b);
}

/** As `compareParsed`; null where one of them is no version, for then nobody knows. */
export function compareVersions(scheme: VersionScheme, a: string, b: string): number | null {
  const [x, y] = [parseVersion(scheme, a), parseVersion(scheme, b)];
  return x === null || y === null ? null : compareParsed(scheme, x, y);
}

export function isVersion(scheme: VersionScheme, text: string): boolean {
  return parseVersion(scheme, text) !== null;
}

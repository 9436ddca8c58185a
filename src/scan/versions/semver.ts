import { compareNumerals, compareReleases, compareText, toNumeral } from "./numerals.ts";
import { defineOrder } from "./order.ts";

/** Semantic Versioning 2.0.0, section 11. Build metadata has no part in the order. */
export interface SemanticVersion {
  /** Usually three numbers; npm and crates.io know no others, but advisories name fewer, and more. */
  readonly release: readonly string[];
  /** Null where there is none. */
  readonly prerelease: readonly Identifier[] | null;
}

interface Identifier {
  readonly text: string;
  readonly numeric: boolean;
}

const form = /^v?(\d+(?:\.\d+)*)(?:-([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?(?:\+[0-9A-Za-z.-]+)?$/;

export const semver = defineOrder(parseSemantic, compareSemantic);

export function parseSemantic(text: string): SemanticVersion | null {
  const [, release, prerelease] = form.exec(text) ?? [];
  if (release === undefined) return null;
  return {
    release: release.split(".").map(toNumeral),
    prerelease: prerelease === undefined ? null : prerelease.split(".").map(toIdentifier),
  };
}

export function compareSemantic(a: SemanticVersion, b: SemanticVersion): number {
  const difference = compareReleases(a.release, b.release);
  if (difference !== 0) return difference;
  if (a.prerelease === null || b.prerelease === null) {
    return Number(a.prerelease === null) - Number(b.prerelease === null);
  }
  return comparePrereleases(a.prerelease, b.prerelease);
}

function toIdentifier(text: string): Identifier {
  return /^\d+$/.test(text) ? { text: toNumeral(text), numeric: true } : { text, numeric: false };
}

function comparePrereleases(a: readonly Identifier[], b: readonly Identifier[]): number {
  for (let i = 0; i < Math.min(a.length, b.length); i++) {
    const [x, y] = [a[i], b[i]];
    if (x === undefined || y === undefined) break;
    if (x.numeric !== y.numeric) return x.numeric ? -1 : 1;
    const difference = x.numeric ? compareNumerals(x.text, y.text) : compareText(x.text, y.text);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

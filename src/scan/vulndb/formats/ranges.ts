import { compareParsed, compareVersions, parseVersion, type VersionScheme } from "../../versions/index.ts";
import type { Range } from "../advisory.ts";

/** An event of OSV's: a version from which on, or up to which, packages are vulnerable. */
export interface Event {
  readonly kind: "introduced" | "fixed" | "last_affected";
  readonly version: string;
}

/** All versions there are. */
export const everyVersion: Range = { introduced: "0", fixed: null, lastAffected: null };

/** All versions before the one that mends it. */
export function before(fixed: string): Range {
  return { introduced: "0", fixed, lastAffected: null };
}

/** A version that has been fixed before it was first made: what vendors write for "never affected". */
export function isNever(fixed: string): boolean {
  return fixed === "0" || fixed === "0:0" || fixed === "0:0-0";
}

/** The ranges that events lie between, in the order of their versions (OSV schema, "Evaluation"). */
export function rangesBetween(events: readonly Event[], scheme: VersionScheme): readonly Range[] {
  const ranges: Range[] = [];
  let introduced: string | null = null;
  for (const { kind, version } of inOrder(events, scheme)) {
    if (kind === "introduced") introduced ??= version;
    else if (introduced !== null) {
      const isFix = kind === "fixed";
      ranges.push({ introduced, fixed: isFix ? version : null, lastAffected: isFix ? null : version });
      introduced = null;
    }
  }
  return introduced === null ? ranges : [...ranges, { introduced, fixed: null, lastAffected: null }];
}

/** At one and the same version a fix ends what was, before it begins anew. Written order where one cannot be read. */
function inOrder(events: readonly Event[], scheme: VersionScheme): readonly Event[] {
  if (events.length < 2) return events;
  const rank = ({ kind }: Event) => (kind === "fixed" ? 0 : kind === "introduced" ? 1 : 2);
  const order = (a: Event, b: Event) => {
    if (a.version === b.version) return rank(a) - rank(b);
    if (isStart(a) || isStart(b)) return isStart(a) ? -1 : 1;
    return compareVersions(scheme, a.version, b.version) || rank(a) - rank(b);
  };
  const readable = events.every((event) => isStart(event) || parseVersion(scheme, event.version) !== null);
  return readable ? events.toSorted(order) : events;
}

function isStart({ kind, version }: Event): boolean {
  return kind === "introduced" && version === "0";
}

/** Those of `versions` that no range is sure to hold. Feeds list what lies in the ranges once again, by the hundreds. */
export function outside(
  versions: readonly string[],
  ranges: readonly Range[],
  scheme: VersionScheme,
): readonly string[] {
  if (versions.length === 0 || ranges.length === 0) return versions;
  const bound = (text: string | null) => (text === null ? null : (parseVersion(scheme, text) ?? undefined));
  const bounds = ranges.map((range) => ({
    from: range.introduced === "0" ? null : bound(range.introduced),
    fixed: bound(range.fixed),
    last: bound(range.lastAffected),
  }));
  return versions.filter((text) => {
    const version = parseVersion(scheme, text);
    if (version === null) return true;
    return !bounds.some(({ from, fixed, last }) => {
      if (from === undefined || fixed === undefined || last === undefined) return false;
      if (from !== null && compareParsed(scheme, version, from) < 0) return false;
      if (fixed !== null && compareParsed(scheme, version, fixed) >= 0) return false;
      return last === null || compareParsed(scheme, version, last) <= 0;
    });
  });
}

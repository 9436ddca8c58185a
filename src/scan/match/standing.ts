import { compareParsed, parseVersion, type Version } from "../versions/index.ts";
import type { Affected, Range } from "../vulndb/advisory.ts";

/** Whether a version is among those that an advisory is about, and if so which is the first that no longer is. */
export type Standing =
  | { readonly state: "in"; readonly fixed: string | null }
  | { readonly state: "out" }
  /** One of the versions cannot be read, so that nobody knows. */
  | { readonly state: "unknown" };

/** The ranges and the single versions count together: one that says so is enough. */
export function standingOf(
  version: string,
  affected: Pick<Affected, "scheme" | "ranges" | "versions">,
): Standing {
  const { scheme, ranges, versions } = affected;
  const asked = toAsked(scheme, version);
  let unknown = false;
  for (const range of ranges) {
    const within = isWithin(asked, range);
    if (within === true) return { state: "in", fixed: range.fixed };
    unknown ||= within === null;
  }
  if (versions.includes(version)) return { state: "in", fixed: null };
  if (asked.whole === null) return { state: unknown || versions.length > 0 ? "unknown" : "out" };
  for (const text of versions) if (compareTo(asked, text) === 0) return { state: "in", fixed: null };
  return { state: unknown ? "unknown" : "out" };
}

/** A version that is asked about, read once for all that it is compared with. */
interface Asked {
  readonly scheme: Affected["scheme"];
  /** Null where it cannot be read. */
  readonly whole: Version | null;
  /** Without Python's local part, which says who has built it: `2.0.0+cu118` is 2.0.0 to all that name none (PEP 440). */
  readonly release: Version | null;
}

function toAsked(scheme: Affected["scheme"], version: string): Asked {
  const whole = parseVersion(scheme, version);
  const local = scheme === "pep440" ? version.indexOf("+") : -1;
  return { scheme, whole, release: local === -1 ? whole : parseVersion(scheme, version.slice(0, local)) };
}

/** Null where one of the two cannot be read. */
function compareTo({ scheme, whole, release }: Asked, bound: string): number | null {
  const version = bound.includes("+") ? whole : release;
  const parsed = version === null ? null : parseVersion(scheme, bound);
  return version === null || parsed === null ? null : compareParsed(scheme, version, parsed);
}

/** Null where a version cannot be read and the others do not settle it. */
function isWithin(asked: Asked, { introduced, fixed, lastAffected }: Range): boolean | null {
  const fromTheFirst = introduced === "0";
  if (fromTheFirst && fixed === null && lastAffected === null) return true;
  if (asked.whole === null) return null;
  const sinceStart = fromTheFirst ? 0 : compareTo(asked, introduced);
  if (sinceStart !== null && sinceStart < 0) return false;
  const end = fixed ?? lastAffected;
  const sinceEnd = end === null ? -1 : compareTo(asked, end);
  if (sinceEnd !== null && (fixed !== null ? sinceEnd >= 0 : sinceEnd > 0)) return false;
  return sinceStart === null || sinceEnd === null ? null : true;
}

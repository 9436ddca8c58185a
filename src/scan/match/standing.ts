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
  const parsed = parseVersion(scheme, version);
  let unknown = false;
  for (const range of ranges) {
    const within = isWithin(scheme, parsed, range);
    if (within === true) return { state: "in", fixed: range.fixed };
    unknown ||= within === null;
  }
  if (versions.includes(version)) return { state: "in", fixed: null };
  if (parsed === null) return { state: unknown || versions.length > 0 ? "unknown" : "out" };
  for (const text of versions) {
    const other = parseVersion(scheme, text);
    if (other !== null && compareParsed(scheme, parsed, other) === 0) return { state: "in", fixed: null };
  }
  return { state: unknown ? "unknown" : "out" };
}

/** Null where a version cannot be read and the others do not settle it. */
function isWithin(scheme: Affected["scheme"], version: Version | null, range: Range): boolean | null {
  const { introduced, fixed, lastAffected } = range;
  const fromTheFirst = introduced === "0";
  if (fromTheFirst && fixed === null && lastAffected === null) return true;
  if (version === null) return null;
  const compareTo = (bound: string) => {
    const parsed = parseVersion(scheme, bound);
    return parsed === null ? null : compareParsed(scheme, version, parsed);
  };
  const sinceStart = fromTheFirst ? 0 : compareTo(introduced);
  if (sinceStart !== null && sinceStart < 0) return false;
  const sinceEnd = fixed !== null ? compareTo(fixed) : lastAffected !== null ? compareTo(lastAffected) : -1;
  if (sinceEnd !== null && (fixed !== null ? sinceEnd >= 0 : sinceEnd > 0)) return false;
  return sinceStart === null || sinceEnd === null ? null : true;
}

import type { VersionScheme } from "../../versions/index.ts";
import type { Affected, Range } from "../advisory.ts";
import { advisoryName, normaliseEcosystem, schemeOf } from "../ecosystems/ecosystems.ts";
import { modulesOf } from "./modules.ts";
import { type Event, everyVersion, isNever, outside, rangesBetween } from "./ranges.ts";
import { vendorSeverity } from "./severity.ts";
import { asList, asName, asNames, asText, asTree, type Tree } from "./shape.ts";

/** The packages of an OSV record, as far as they are held here. */
export function affectedOf(record: Tree): readonly Affected[] {
  const entries = withoutRepeatedRelease(asList(record.affected).map(asTree));
  const found = new Map<string, Affected>();
  for (const entry of entries)
    for (const affected of oneOf(entry, asText(record.summary)))
      found.set(JSON.stringify(affected), affected);
  return [...found.values()];
}

function oneOf(entry: Tree, headline: string): readonly Affected[] {
  const { ecosystem: theirs, name: given } = packageOf(entry);
  const ecosystem = normaliseEcosystem(theirs);
  const scheme = ecosystem === null ? null : schemeOf(ecosystem);
  if (ecosystem === null || scheme === null || given === "") return [];
  const events = asList(entry.ranges)
    .map(asTree)
    .filter(({ type }) => type === "ECOSYSTEM" || type === "SEMVER")
    .map((range) => asList(range.events).flatMap((event) => eventsOf(asTree(event))));
  const listed = asNames(entry.versions);
  const isNotAffected = events.length > 0 && listed.length === 0 && events.every(isNeverAffected);
  const between = (ends: readonly Event[]) => events.flatMap((some) => endedBy(ends, some, scheme));
  const ranges = isNotAffected ? [everyVersion] : between(lastKnown(entry));
  // What is listed of a range without an end goes on behind its last known end too.
  const versions = outside(listed, isNotAffected ? ranges : [...ranges, ...between([])], scheme);
  if (ranges.length === 0 && versions.length === 0) return [];
  const specific = asTree(entry.ecosystem_specific);
  const fixes = ranges.flatMap(({ fixed }) => fixed ?? []);
  return modulesOf([...fixes, ...versions], headline).map((module) => ({
    ecosystem,
    name: advisoryName(ecosystem, given),
    module,
    scheme,
    ranges,
    versions,
    status: isNotAffected ? "not_affected" : specific.urgency === "end-of-life" ? "will_not_fix" : "affected",
    severity: vendorSeverity(specific.urgency ?? specific.severity),
  }));
}

/**
 * Where GitHub names no version that mends a package, its range has no end here, and what it knows to be affected is
 * told beside it: `<= 1.2.3`, or `< 1.3`.
 */
function lastKnown(entry: Tree): readonly Event[] {
  const range = asName(asTree(entry.database_specific).last_known_affected_version_range);
  const [, sign, version = ""] = /^(<=?) ?([^ ,]+)$/.exec(range) ?? [];
  return sign === undefined ? [] : [{ kind: sign === "<" ? "fixed" : "last_affected", version }];
}

/** The ranges between events, the last of which `ends` ends unless it has an end of its own. */
function endedBy(ends: readonly Event[], events: readonly Event[], scheme: VersionScheme): readonly Range[] {
  const ranges = rangesBetween(events, scheme);
  const last = ranges.at(-1);
  return last === undefined || last.fixed !== null || last.lastAffected !== null
    ? ranges
    : rangesBetween([...events, ...ends], scheme);
}

function packageOf(entry: Tree): { readonly ecosystem: string; readonly name: string } {
  const { ecosystem, name } = asTree(entry.package);
  return { ecosystem: asName(ecosystem), name: asName(name) };
}

function isNeverAffected(events: readonly Event[]): boolean {
  const ends = events.filter(({ kind }) => kind !== "introduced");
  return ends.length > 0 && ends.every(({ kind, version }) => kind === "fixed" && isNever(version));
}

function eventsOf(event: Tree): readonly Event[] {
  const kinds = [
    ["introduced", event.introduced],
    ["fixed", event.fixed],
    ["last_affected", event.last_affected],
    // No fix, and an end all the same.
    ["fixed", event.limit === "*" ? undefined : event.limit],
  ] as const;
  return kinds.flatMap(([kind, value]) => {
    const version = asName(value);
    return version === "" ? [] : [{ kind, version }];
  });
}

/**
 * Ubuntu tells of a release twice where Pro mends what the release itself does not: only what has a fix counts then,
 * the release's own before Pro's.
 */
function withoutRepeatedRelease(entries: readonly Tree[]): readonly Tree[] {
  const isPro = (entry: Tree) => packageOf(entry).ecosystem.startsWith("Ubuntu:Pro:");
  if (!entries.some(isPro)) return entries;
  const groups = Map.groupBy(entries, (entry) => {
    const { ecosystem, name } = packageOf(entry);
    return `${normaliseEcosystem(ecosystem)} ${name}`;
  });
  return [...groups.values()].flatMap((group) => {
    const own = group.filter((entry) => !isPro(entry));
    const pro = group.filter(isPro);
    return own.length === 0 || (pro.some(hasFix) && !own.some(hasFix)) ? pro : own;
  });
}

function hasFix(entry: Tree): boolean {
  const events = asList(entry.ranges).flatMap((range) => asList(asTree(range).events));
  return events.some((event) => asTree(event).fixed !== undefined);
}

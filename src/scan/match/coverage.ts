import { day } from "../../kernel/index.ts";
import type { DatabaseManifest, FeedManifest, GroupManifest } from "../vulndb/advisory.ts";
import { endOfLife } from "../vulndb/index.ts";
import { type Coverage, type CoverageState, maxEcosystem, maxMessage } from "./finding.ts";
import type { ImagePart } from "./parts.ts";

export interface CoverageOptions {
  /** The database that the findings come from; null while there is none. */
  readonly manifest: DatabaseManifest | null;
  /** By ecosystem, how many packages have a version that could not be compared. */
  readonly undecided: Readonly<Record<string, number>>;
  readonly now: number;
  /** When it was last found that a feed says what the database has of it. */
  readonly lookedAt: (feed: FeedManifest) => number;
  /** Milliseconds after that from which a feed is stale. */
  readonly maxAge: (feed: string) => number;
}

/** How sure a report is about each part of an image. */
export function coverageOf(parts: readonly ImagePart[], options: CoverageOptions): readonly Coverage[] {
  return parts.map((said) => {
    const part = { ...said, ecosystem: said.ecosystem.slice(0, maxEcosystem) };
    const sources = options.manifest === null ? [] : sourcesOf(options.manifest, part.ecosystem);
    const times = sources.map(asOf);
    const [state, message] = judge(part, sources, options);
    return {
      ecosystem: part.ecosystem,
      state,
      asOf: times.length === 0 ? null : Math.min(...times),
      packages: part.packages,
      message: message.slice(0, maxMessage),
    };
  });
}

interface Source {
  readonly feed: FeedManifest;
  readonly group: GroupManifest;
}

function sourcesOf({ feeds }: DatabaseManifest, ecosystem: string): readonly Source[] {
  return feeds.flatMap((feed) =>
    feed.groups
      .filter((group) => group.ecosystem === ecosystem && group.records > 0)
      .map((group) => ({ feed, group })),
  );
}

/** A release that the feed has dropped is as old as it was then; any other as old as the feed, however quiet. */
function asOf({ feed, group }: Source): number {
  return (group.dropped ? group.asOf : feed.asOf) ?? feed.fetchedAt;
}

/** The state, and a sentence of it. What says least comes first. */
function judge(
  { ecosystem, kind, packages, named = [], failures }: ImagePart,
  sources: readonly Source[],
  { manifest, undecided, now, lookedAt, maxAge }: CoverageOptions,
): readonly [CoverageState, string] {
  switch (kind) {
    case "unread":
      return ["unparsable", `What is in there could not be read: ${sentencesOf(failures)}`];
    case "foreign":
      return [
        "no_feed",
        `${count(packages)} made by others than the distribution${listOf(named, packages)}: its advisories do not speak of them.`,
      ];
    case "unrecognised":
      return [
        "no_feed",
        `No feed has a name for ${ecosystem}: ${count(packages)} could not be looked up. ${sentencesOf(failures)}`.trim(),
      ];
    case "empty":
      return [
        "unparsable",
        `The image says that it is ${ecosystem}, and has no package database that could be read. ${sentencesOf(failures)}`.trim(),
      ];
  }
  if (manifest === null) {
    return [
      "no_feed",
      'There is no vulnerability database yet. Run "breakwater feeds update", or import one.',
    ];
  }
  if (sources.length === 0) {
    return [
      "no_feed",
      `No feed of the vulnerability database tells of ${ecosystem}. Add one to "breakwater.scan.feeds".`,
    ];
  }
  if (failures.count > 0)
    return ["unparsable", `Packages, or what is known of them, may be missing: ${sentencesOf(failures)}`];
  const unclear = undecided[ecosystem] ?? 0;
  if (unclear > 0) {
    return [
      "unparsable",
      `${count(unclear)} with a version that cannot be compared: the findings say which.`,
    ];
  }
  const end = endOfLife(ecosystem);
  if (end !== null && end < now) {
    return [
      "end_of_life",
      `${ecosystem} has had no security updates since ${dateOf(end - 1)}: what was found since then is in no feed. Build the image on a newer release.`,
    ];
  }
  if (sources.every(({ group }) => group.dropped)) {
    const last = Math.max(...sources.map(asOf));
    return [
      "end_of_life",
      `No feed tells of ${ecosystem} any longer; this is what was known on ${dateOf(last)}. Build the image on a newer release.`,
    ];
  }
  const old = sources.find(({ feed, group }) => !group.dropped && now - lookedAt(feed) > maxAge(feed.name));
  if (old !== undefined) {
    const { feed } = old;
    const days = Math.floor((now - lookedAt(feed)) / day);
    return [
      "stale",
      `The feed ${feed.name} was last read on ${dateOf(lookedAt(feed))}, ${days} days ago. "breakwater feeds list" says why.`,
    ];
  }
  const feeds = [...new Set(sources.map(({ feed }) => feed))];
  return ["covered", `${count(packages)} looked up in ${feeds.map(nameOf).join(", ")}.`];
}

/** With what of it nobody has read: a feed is believed with a few such records, but not in silence. */
function nameOf({ name, records, unreadable }: FeedManifest): string {
  return unreadable === 0
    ? name
    : `${name} (but for ${unreadable} of ${records + unreadable} records, which could not be read)`;
}

function sentencesOf({ count, first }: ImagePart["failures"]): string {
  const more = count - first.length;
  return `${first.join(" ")}${more > 0 ? ` And ${more} more.` : ""}`;
}

function listOf(named: readonly string[], packages: number): string {
  return named.length === 0 ? "" : ` (${named.join(", ")}${packages > named.length ? ", …" : ""})`;
}

function count(packages: number): string {
  return packages === 1 ? "1 package" : `${packages} packages`;
}

function dateOf(time: number): string {
  return new Date(time).toISOString().slice(0, 10);
}

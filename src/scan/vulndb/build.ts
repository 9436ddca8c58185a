import { createHash } from "node:crypto";
import { mkdir, open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { BreakwaterError } from "../../kernel/index.ts";
import type { DatabaseManifest, FeedManifest } from "./advisory.ts";
import { VulnerabilityDatabase } from "./database.ts";
import type { FeedFormat, FeedRecord } from "./formats/index.ts";
import { later, Tallies } from "./groups.ts";
import { type FeedBody, groupsOf, PreviousDatabase, type StoredGroup } from "./previous.ts";
import { schemaVersion } from "./schema.ts";
import { seal } from "./seal.ts";
import { DatabaseWriter } from "./writer.ts";

/** A feed that was fetched. */
export interface FetchedFeed {
  readonly name: string;
  readonly format: FeedFormat;
  /** Where it is from, for people. */
  readonly source: string;
  readonly fetchedAt: number;
  /** Of what was fetched, in hexadecimal: where it is that of the previous database, nothing is read again. */
  readonly sha256: string;
  /** The feed's own time where the transport tells it; what the feed itself says goes before. */
  readonly asOf: number | null;
  /** Usually `readFeed(format, paths)`. */
  records(): AsyncIterable<FeedRecord>;
}

export interface BuildOptions {
  readonly target: string;
  /** The database before this one; null for the first. What it has of feeds that are not named here stays. */
  readonly previous: string | null;
  readonly feeds: readonly FetchedFeed[];
  /** Feeds of the previous database that go. */
  readonly drop: readonly string[];
  readonly builtAt: number;
  /** Now and then while a feed is read. */
  readonly onProgress?: (feed: string, records: number) => void;
}

export interface BuildResult {
  readonly manifest: DatabaseManifest;
  /** Feeds that could not be read, and why, in a sentence: they keep what the previous database has. */
  readonly failures: readonly { readonly feed: string; readonly reason: string }[];
}

/** Of what a feed has, so much may be unreadable before it is not believed at all. */
const unreadableShare = 0.1;
const progressEvery = 1000;

/**
 * Compiles feeds into a new database, which then lies at `target` as a whole or not at all. Where a feed no longer
 * tells of an ecosystem, what it last told stays, marked as dropped. Throws FEED_INVALID when `previous` is unusable.
 */
export async function buildDatabase(options: BuildOptions): Promise<BuildResult> {
  const { target, previous } = options;
  if (previous !== null) (await VulnerabilityDatabase.open(previous)).close();
  const unfinished = `${target}.unfinished`;
  await mkdir(dirname(target), { recursive: true });
  await rm(unfinished, { force: true });
  try {
    const result = await compile(unfinished, options);
    await seal(unfinished);
    await rename(unfinished, target);
    await syncFolder(dirname(target));
    return result;
  } finally {
    await rm(unfinished, { force: true });
  }
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

async function compile(path: string, options: BuildOptions): Promise<BuildResult> {
  const failures: { feed: string; reason: string }[] = [];
  using writer = new DatabaseWriter(path);
  const previous = options.previous === null ? null : new PreviousDatabase(writer, options.previous);
  const feeds = new FeedCompiler(writer, previous, options);
  const fetched = new Map(options.feeds.map((feed) => [feed.name, feed]));
  const kept = (previous?.names() ?? []).filter((name) => !options.drop.includes(name));
  writer.database.run("begin");
  for (const name of [...new Set([...kept, ...fetched.keys()])].sort()) {
    const feed = fetched.get(name);
    const reason = feed === undefined ? null : await feeds.read(feed);
    if (reason !== null) failures.push({ feed: name, reason });
    if (reason !== null || feed === undefined) feeds.keep(name);
  }
  writer.database.run("commit");
  writer.finish();
  const manifest = manifestOf(writer, options.builtAt);
  writer.database.run("insert into manifest values (?)", [JSON.stringify(manifest)]);
  return { manifest, failures };
}

/** Puts one feed after the other into the database. */
class FeedCompiler {
  readonly #writer: DatabaseWriter;
  readonly #previous: PreviousDatabase | null;
  readonly #options: BuildOptions;
  #feeds = 0;

  constructor(writer: DatabaseWriter, previous: PreviousDatabase | null, options: BuildOptions) {
    this.#writer = writer;
    this.#previous = previous;
    this.#options = options;
  }

  /** Null when it could be read, else why not. */
  async read(feed: FetchedFeed): Promise<string | null> {
    const { name, format, source, fetchedAt, sha256 } = feed;
    const known = this.#previous?.feed(name) ?? null;
    if (known !== null && known.body.sha256 === sha256 && known.body.format === format) {
      const asOf = later(known.body.asOf, feed.asOf);
      this.#take(name, { ...known.body, source, fetchedAt, asOf }, known.groups);
      return null;
    }
    const id = this.#feeds + 1;
    const from = this.#writer.position;
    try {
      const tallies = await this.#readRecords(feed, id);
      const groups = [
        ...tallies.groups().map(
          ([ecosystem, { records, asOf }]): StoredGroup => ({
            ...{ ecosystem, records, as_of: asOf, dropped: 0, origin: sha256 },
          }),
        ),
        ...this.#takeDropped(name, id, new Set(tallies.groups().map(([ecosystem]) => ecosystem))),
      ];
      const { records, unreadable } = tallies;
      const asOf = tallies.asOf ?? feed.asOf;
      this.#finish({ name, format, source, asOf, fetchedAt, sha256, records, unreadable }, groups, from);
      return null;
    } catch (error) {
      this.#writer.undo(id, from);
      return error instanceof Error ? error.message : String(error);
    }
  }

  keep(name: string): void {
    const known = this.#previous?.feed(name) ?? null;
    if (known !== null) this.#take(name, known.body, known.groups);
  }

  async #readRecords(feed: FetchedFeed, id: number): Promise<Tallies> {
    const tallies = new Tallies(feed.fetchedAt);
    let own: number | null = null;
    let reason = "";
    let seen = 0;
    for await (const record of feed.records()) {
      if (++seen % progressEvery === 0) {
        this.#options.onProgress?.(feed.name, tallies.records);
        // Others in this process have their turn, although reading files never waits for long.
        await Bun.sleep(0);
      }
      switch (record.kind) {
        case "advisory":
          this.#writer.advisory(id, record.advisory);
          tallies.add(record.advisory);
          break;
        case "group":
          tallies.group(record.ecosystem);
          break;
        case "as-of":
          own = later(own, tallies.believable(record.at));
          break;
        case "unreadable":
          tallies.unreadable++;
          reason ||= record.reason;
          break;
        case "exploited":
          tallies.records++;
          this.#writer.exploited(id, record.cve, record.since);
          break;
        case "epss":
          tallies.records++;
          this.#writer.epss(id, record.cve, record.probability, record.percentile);
          break;
        case "assessment":
          tallies.records++;
          this.#writer.assessment(id, record.assessment);
          break;
      }
    }
    tallies.asOf = own ?? tallies.asOf;
    const { records, unreadable } = tallies;
    if (records === 0 && tallies.groups().length === 0)
      throw new BreakwaterError("FEED_INVALID", `The feed ${feed.name} has no record. ${reason}`.trim());
    if (unreadable > unreadableShare * (records + unreadable))
      throw new BreakwaterError(
        "FEED_INVALID",
        `Of the feed ${feed.name}, ${unreadable} of ${records + unreadable} records cannot be read. ${reason}`,
      );
    return tallies;
  }

  #takeDropped(name: string, id: number, told: ReadonlySet<string>): readonly StoredGroup[] {
    const known = this.#previous?.feed(name) ?? null;
    if (known === null) return [];
    const lastTold = known.body.asOf ?? known.body.fetchedAt;
    return known.groups
      .filter(({ ecosystem }) => !told.has(ecosystem))
      .map((group) => {
        this.#previous?.takeGroup(name, id, group.ecosystem);
        return group.dropped === 1 ? group : { ...group, as_of: lastTold, dropped: 1 };
      });
  }

  #take(name: string, body: FeedBody, groups: readonly StoredGroup[]): void {
    const from = this.#writer.position;
    this.#previous?.take(name, this.#feeds + 1);
    this.#finish(body, groups, from);
  }

  #finish(body: FeedBody, groups: readonly StoredGroup[], from: DatabaseWriter["position"]): void {
    const id = ++this.#feeds;
    const { database, position: to } = this.#writer;
    const range = [from.advisory, to.advisory - 1, from.affected, to.affected - 1];
    database.run("insert into feed values (?, ?, ?, ?, ?, ?, ?)", [
      id,
      body.name,
      JSON.stringify(body),
      ...range,
    ]);
    for (const { ecosystem, records, as_of, dropped, origin } of groups)
      database.run("insert into feed_group values (?, ?, ?, ?, ?, ?)", [
        ...[id, this.#writer.ecosystem(ecosystem), records, as_of, dropped, origin],
      ]);
  }
}

/** `version` follows from the bytes of the feeds and from what has been kept of older ones, not from times. */
function manifestOf({ database }: DatabaseWriter, builtAt: number): DatabaseManifest {
  const rows = database
    .query<{ id: number; body: string }, []>("select id, body from feed order by name")
    .all();
  const hash = createHash("sha256").update(`schema ${schemaVersion}\n`);
  const feeds = rows.map(({ id, body }): FeedManifest => {
    const feed = JSON.parse(body) as FeedBody;
    const groups = groupsOf(database, "main", id);
    const origins = groups.map(({ ecosystem, dropped, origin }) => [ecosystem, dropped, origin]);
    hash.update(`${JSON.stringify([feed.name, feed.format, feed.sha256, origins])}\n`);
    return {
      ...feed,
      groups: groups.map(({ ecosystem, records, as_of, dropped }) => ({
        ...{ ecosystem, records, asOf: as_of, dropped: dropped === 1 },
      })),
    };
  });
  return { version: hash.digest("hex"), schema: schemaVersion, builtAt, feeds };
}

import { BreakwaterError } from "../../kernel/index.ts";
import type { FeedFormat, FeedRecord } from "./formats/index.ts";
import { believable, later, Tallies } from "./groups.ts";
import type { FeedBody, PreviousDatabase, StoredGroup } from "./previous.ts";
import type { DatabaseWriter, Position } from "./writer.ts";

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

/** Of what a feed has, so much may be unreadable before it is not believed at all. */
const unreadableShare = 0.1;
/** Of what a feed told of an ecosystem, what is gone all at once: what is left is taken for a part of the feed. */
const goneShare = 0.5;
/** Of fewer, half may go by itself. */
const fewRecords = 100;
const progressEvery = 1000;

/** Puts one feed after the other into the database. */
export class FeedCompiler {
  readonly #writer: DatabaseWriter;
  readonly #previous: PreviousDatabase | null;
  readonly #onProgress: (feed: string, records: number) => void;
  #feeds = 0;

  constructor(
    writer: DatabaseWriter,
    previous: PreviousDatabase | null,
    onProgress: (feed: string, records: number) => void,
  ) {
    this.#writer = writer;
    this.#previous = previous;
    this.#onProgress = onProgress;
  }

  /** Null when it could be read, else why not. */
  async read(feed: FetchedFeed): Promise<string | null> {
    const { name, format, source, fetchedAt, sha256 } = feed;
    const given = believable(feed.asOf, fetchedAt);
    const known = this.#previous?.feed(name) ?? null;
    if (known !== null && known.body.sha256 === sha256 && known.body.format === format) {
      const asOf = later(known.body.asOf, given);
      this.#take(name, { ...known.body, source, fetchedAt, asOf }, known.groups);
      return null;
    }
    const id = this.#feeds + 1;
    const from = this.#writer.position;
    try {
      const tallies = await this.#readRecords(feed, id);
      const told = tallies.groups().map(
        ([ecosystem, { records, asOf }]): StoredGroup => ({
          ...{ ecosystem, records, as_of: asOf, dropped: 0, origin: sha256 },
        }),
      );
      if (known?.body.format === format && known.body.source === source)
        requireWhole(name, known.groups, told);
      const dropped = this.#takeDropped(name, id, told);
      const kept = new Set(dropped.map(({ ecosystem }) => ecosystem));
      const groups = [...told.filter(({ ecosystem }) => !kept.has(ecosystem)), ...dropped];
      const { records, unreadable } = tallies;
      const asOf = tallies.asOf ?? given;
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
        this.#onProgress(feed.name, tallies.records);
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
          own = later(own, believable(record.at, feed.fetchedAt));
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

  /** Of which the feed tells nothing any more, be it that it does not name them or that their lists are empty. */
  #takeDropped(name: string, id: number, told: readonly StoredGroup[]): readonly StoredGroup[] {
    const known = this.#previous?.feed(name) ?? null;
    if (known === null) return [];
    const full = new Set(told.filter(({ records }) => records > 0).map(({ ecosystem }) => ecosystem));
    const lastTold = known.body.asOf ?? known.body.fetchedAt;
    return known.groups
      .filter(({ ecosystem, records }) => records > 0 && !full.has(ecosystem))
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

  #finish(body: FeedBody, groups: readonly StoredGroup[], from: Position): void {
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

/**
 * A list that was cut short where it can still be read, or a mirror that was half made, would have everything covered by
 * what little is left of it. What a feed has nothing more to tell of at all is kept instead.
 */
function requireWhole(name: string, before: readonly StoredGroup[], told: readonly StoredGroup[]): void {
  const records = new Map(told.map((group) => [group.ecosystem, group.records]));
  for (const { ecosystem, records: known, dropped } of before) {
    const left = records.get(ecosystem) ?? 0;
    if (dropped === 1 || known < fewRecords || left === 0 || left >= known * (1 - goneShare)) continue;
    throw new BreakwaterError(
      "FEED_INVALID",
      `The feed ${name} tells of ${left} vulnerabilities in ${ecosystem}, of which it told ${known}. If that is all there is, disable the feed for one update, so that it begins anew.`,
    );
  }
}

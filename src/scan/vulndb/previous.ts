import type { Database } from "bun:sqlite";
import { pathToFileURL } from "node:url";
import type { FeedManifest } from "./advisory.ts";
import { enrichmentTables } from "./schema.ts";
import type { DatabaseWriter } from "./writer.ts";

/** A group as it lies in a database. */
export interface StoredGroup {
  readonly ecosystem: string;
  readonly records: number;
  readonly as_of: number | null;
  readonly dropped: number;
  /** SHA-256 of the feed that told of it. */
  readonly origin: string;
}

/** A feed's own part of the manifest: its groups are rows of their own. */
export type FeedBody = Omit<FeedManifest, "groups">;

export interface StoredFeed {
  readonly body: FeedBody;
  readonly groups: readonly StoredGroup[];
}

interface FeedRow {
  readonly id: number;
  readonly body: string;
  readonly first_advisory: number;
  readonly last_advisory: number;
  readonly first_affected: number;
  readonly last_affected: number;
}

export function groupsOf(database: Database, schema: "main" | "old", feed: number): readonly StoredGroup[] {
  return database
    .query<StoredGroup, [number]>(
      `select e.name as ecosystem, g.records, g.as_of, g.dropped, g.origin
       from ${schema}.feed_group g join ${schema}.ecosystem e on e.id = g.ecosystem where g.feed = ? order by 1`,
    )
    .all(feed);
}

/** The database before this one, from which feeds are taken over. It has been checked. */
export class PreviousDatabase {
  readonly #writer: DatabaseWriter;
  readonly #database: Database;

  constructor(writer: DatabaseWriter, path: string) {
    this.#writer = writer;
    this.#database = writer.database;
    this.#database.run("attach database ? as old", [`${pathToFileURL(path).href}?immutable=1`]);
  }

  names(): readonly string[] {
    return this.#database
      .query<{ name: string }, []>("select name from old.feed")
      .all()
      .map(({ name }) => name);
  }

  feed(name: string): StoredFeed | null {
    const row = this.#row(name);
    if (row === null) return null;
    return { body: JSON.parse(row.body) as FeedBody, groups: groupsOf(this.#database, "old", row.id) };
  }

  /** All that the feed has told. */
  take(name: string, as: number): void {
    const row = this.#row(name);
    if (row === null) return;
    this.#copy(row, as, null);
    for (const table of enrichmentTables) {
      const columns = { exploited: "since", epss: "probability, percentile", assessment: "body" }[table];
      this.#database.run(
        `insert or replace into ${table} select cve, ?, ${columns} from old.${table} where feed = ?`,
        [as, row.id],
      );
    }
  }

  /** What the feed has told of one ecosystem. */
  takeGroup(name: string, as: number, ecosystem: string): void {
    const row = this.#row(name);
    if (row !== null) this.#copy(row, as, ecosystem);
  }

  #row(name: string): FeedRow | null {
    return this.#database.query<FeedRow, [string]>("select * from old.feed where name = ?").get(name);
  }

  #copy(row: FeedRow, as: number, ecosystem: string | null): void {
    const { position } = this.#writer;
    const shift = {
      advisory: position.advisory - row.first_advisory,
      affected: position.affected - row.first_affected,
    };
    const names = this.#database
      .query<{ id: number; name: string }, []>("select id, name from old.ecosystem")
      .all()
      .filter(({ name }) => ecosystem === null || name === ecosystem);
    const ids = Object.fromEntries(names.map(({ id, name }) => [id, this.#writer.ecosystem(name)]));
    this.#database.run(
      `insert into affected
       select a.id + ?, ids.value, a.name, a.advisory + ?, a.module, a.status, a.severity, a.ranges, a.versions
       from old.affected a join json_each(?) ids on cast(ids.key as integer) = a.ecosystem
       where a.id between ? and ? order by a.id`,
      [shift.affected, shift.advisory, JSON.stringify(ids), row.first_affected, row.last_affected],
    );
    this.#database.run(
      `insert into advisory
       select id + ?1, ?2, name, aliases, severity, first_affected + ?3, last_affected + ?3 from old.advisory
       where id between ?4 and ?5 and id + ?1 in (select advisory from affected where id >= ?6)`,
      [shift.advisory, as, shift.affected, row.first_advisory, row.last_advisory, position.affected],
    );
    this.#database.run(
      `insert into detail select advisory + ?1, body from old.detail
       where advisory between ?2 and ?3 and advisory + ?1 in (select id from advisory where id >= ?4)`,
      [shift.advisory, row.first_advisory, row.last_advisory, position.advisory],
    );
    this.#writer.advance();
  }
}

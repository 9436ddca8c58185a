import { constants, Database, type Statement } from "bun:sqlite";
import type { Advisory } from "./advisory.ts";
import type { Assessment } from "./formats/index.ts";
import { detailOf, packList, packRanges } from "./rows.ts";
import { createIndexes, createTables, enrichmentTables } from "./schema.ts";

/** Where the rows of a feed begin. */
export interface Position {
  readonly advisory: number;
  readonly affected: number;
}

/** A database under construction. Nobody reads it before it is finished, so nothing needs to survive a crash. */
export class DatabaseWriter implements Disposable {
  readonly database: Database;
  readonly #ecosystems = new Map<string, number>();
  readonly #insert: Readonly<
    Record<"ecosystem" | "advisory" | "detail" | "affected" | "exploited" | "epss" | "assessment", Statement>
  >;
  #advisories = 0;
  #affected = 0;

  constructor(path: string) {
    const { SQLITE_OPEN_CREATE, SQLITE_OPEN_READWRITE, SQLITE_OPEN_URI } = constants;
    this.database = new Database(path, SQLITE_OPEN_CREATE | SQLITE_OPEN_READWRITE | SQLITE_OPEN_URI);
    for (const pragma of [
      "journal_mode = memory",
      "synchronous = off",
      "locking_mode = exclusive",
      "cache_size = -65536",
    ])
      this.database.run(`pragma ${pragma}`);
    createTables(this.database);
    const prepare = (table: string, columns: number) =>
      this.database.prepare(
        `insert or replace into ${table} values (${Array(columns).fill("?").join(", ")})`,
      );
    this.#insert = {
      ecosystem: prepare("ecosystem", 2),
      advisory: prepare("advisory", 7),
      detail: prepare("detail", 2),
      affected: prepare("affected", 9),
      exploited: prepare("exploited", 3),
      epss: prepare("epss", 4),
      assessment: prepare("assessment", 3),
    };
  }

  /** Of the next rows. */
  get position(): Position {
    return { advisory: this.#advisories + 1, affected: this.#affected + 1 };
  }

  /** After rows have been put in past this object. */
  advance(): void {
    const last = (table: string) =>
      (this.database.query(`select max(id) as id from ${table}`).get() as { id: number | null }).id ?? 0;
    this.#advisories = last("advisory");
    this.#affected = last("affected");
  }

  ecosystem(name: string): number {
    const known = this.#ecosystems.get(name);
    if (known !== undefined) return known;
    const id = this.#ecosystems.size + 1;
    this.#insert.ecosystem.run(id, name);
    this.#ecosystems.set(name, id);
    return id;
  }

  advisory(feed: number, advisory: Advisory): void {
    const id = ++this.#advisories;
    const { aliases, severity: graded } = advisory;
    const last = this.#affected + advisory.affected.length;
    this.#insert.advisory.run(id, feed, advisory.id, packList(aliases), graded, this.#affected + 1, last);
    this.#insert.detail.run(id, JSON.stringify(detailOf(advisory)));
    for (const { ecosystem, name, module, status, severity, ranges, versions } of advisory.affected) {
      const of = [++this.#affected, this.ecosystem(ecosystem), name, id] as const;
      this.#insert.affected.run(...of, module, status, severity, packRanges(ranges), packList(versions));
    }
  }

  exploited(feed: number, cve: string, since: number): void {
    this.#insert.exploited.run(cve, feed, since);
  }

  epss(feed: number, cve: string, probability: number, percentile: number): void {
    this.#insert.epss.run(cve, feed, probability, percentile);
  }

  assessment(feed: number, { cve, ...rest }: Assessment): void {
    this.#insert.assessment.run(cve, feed, JSON.stringify(rest));
  }

  /** Takes back all rows of a feed since `position`. */
  undo(feed: number, position: Position): void {
    this.database.run("delete from affected where id >= ?", [position.affected]);
    this.database.run("delete from detail where advisory >= ?", [position.advisory]);
    this.database.run("delete from advisory where id >= ?", [position.advisory]);
    for (const table of enrichmentTables) this.database.run(`delete from ${table} where feed = ?`, [feed]);
    this.advance();
  }

  finish(): void {
    createIndexes(this.database);
  }

  [Symbol.dispose](): void {
    for (const statement of Object.values(this.#insert)) statement.finalize();
    this.database.close();
  }
}

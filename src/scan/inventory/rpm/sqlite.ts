import { Database } from "bun:sqlite";
import { UnreadableFile } from "../analyzer.ts";

const what = "The rpm database (SQLite)";
const magic = "SQLite format 3\0";
/** The versions for writing and reading: 1 with a rollback journal, 2 with a write-ahead log. */
const formatVersions = { from: 18, to: 20 } as const;
/** Not a virtual table, and no column whose value is an expression. */
const plainTable = /^create table [^()]+\([^()]+\)$/i;

/**
 * The headers in `rpmdb.sqlite`. Throws UnreadableFile for a damaged file. One whose pages refer to one another
 * without an end keeps SQLite busy until the reader's process is stopped.
 */
export function* sqliteHeaders(data: Uint8Array): Generator<Uint8Array> {
  if (data.length < 100 || Buffer.from(data.subarray(0, magic.length)).toString("latin1") !== magic)
    throw new UnreadableFile(`${what} has another format.`);
  // In memory there is no place for a log, so that SQLite would refuse a database that says that it has one.
  const copy = data.slice().fill(1, formatVersions.from, formatVersions.to);
  try {
    using database = Database.deserialize(copy, { readonly: true });
    const table = database
      .query<{ sql: string }, []>("select sql from sqlite_schema where name = 'Packages' and type = 'table'")
      .get();
    if (table === null || !plainTable.test(table.sql))
      throw new UnreadableFile(`${what} has no table of packages.`);
    for (const { blob } of database.query<{ blob: unknown }, []>("select blob from Packages").iterate()) {
      if (!(blob instanceof Uint8Array)) throw new UnreadableFile(`${what} has a package without a header.`);
      yield blob;
    }
  } catch (error) {
    if (error instanceof UnreadableFile) throw error;
    throw new UnreadableFile(`${what} is damaged.`, { cause: error });
  }
}

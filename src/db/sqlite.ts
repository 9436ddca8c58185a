import { Database as Sqlite } from "bun:sqlite";
import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { Kysely } from "kysely";
import type { Database } from "./database.ts";
import { GroupCommit } from "./group-commit.ts";
import type { Schema } from "./schema.ts";
import { SqliteDialect } from "./sqlite-dialect.ts";
import { WalIndex } from "./wal-index.ts";

/**
 * The embedded engine: one file, write-ahead log, synchronous=FULL, so that a commit is on stable storage
 * before it is answered. Reads have a connection of their own and never wait for a writer.
 */
export function openSqlite(path: string): Database {
  mkdirSync(dirname(path), { recursive: true });
  const writer = new Sqlite(path, { create: true });
  writer.run("pragma busy_timeout = 5000");
  writer.run("pragma journal_mode = wal");
  writer.run("pragma synchronous = full");
  writer.run("pragma foreign_keys = on");
  // What a piece of work that fails is undone by: SQLite would open a file for it in each transaction.
  writer.run("pragma temp_store = memory");
  // Waiting for a lock is the dialect's business from here on.
  writer.run("pragma busy_timeout = 0");
  const reader = new Sqlite(path, { readwrite: true });
  reader.run("pragma busy_timeout = 5000");
  reader.run("pragma query_only = on");
  const versionQuery = reader.prepare("pragma data_version");
  const dataVersion = () => versionQuery.values()[0]?.[0] as number;
  dataVersion();
  // A hundred times as fast as the query, which each request would wait for.
  let index = WalIndex.of(reader);

  const write = new Kysely<Schema>({ dialect: new SqliteDialect(writer) });
  const read = new Kysely<Schema>({ dialect: new SqliteDialect(reader) });
  // Each transaction has the file's write lock from its beginning, so that all of them are alone.
  const commits = new GroupCommit(write);
  const change: Database["write"] = (work) => commits.write(work);
  return {
    engine: "sqlite",
    read,
    write: change,
    alone: change,
    migrate: change,
    // It changes when another connection commits, and our own writer is another connection to the reader.
    version: () => index?.version() ?? dataVersion(),
    async close() {
      index = null;
      await write.destroy();
      await read.destroy();
      reader.close();
      writer.close();
    },
  };
}

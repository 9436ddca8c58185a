import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Config } from "../config/index.ts";
import { type Database, openPostgresql, openSqlite } from "../db/index.ts";

type Place = Pick<Config, "database" | "dataVolume">;

/** Where the embedded database lies; null where a server has the metadata. */
export function databaseFile({ database, dataVolume }: Place): string | null {
  return database.engine === "sqlite" ? sqliteFile(dataVolume) : null;
}

/** The engine that the configuration names. Throws CONFIG_INVALID or UNAVAILABLE with a sentence for the operator. */
export async function openDatabase({ database, dataVolume }: Place): Promise<Database> {
  if (database.engine === "sqlite") return openSqlite(sqliteFile(dataVolume));
  const { host, port, name, username, password, sslMode, ca } = database;
  return openPostgresql({
    host,
    port,
    database: name,
    username,
    password,
    ssl: { mode: sslMode, ca: ca === null ? null : await readFile(ca, "utf8") },
    maxConnections: database.maxOpenConnections,
    idleConnections: database.maxIdleConnections,
  });
}

function sqliteFile(dataVolume: string): string {
  return join(dataVolume, "database", "breakwater.sqlite");
}

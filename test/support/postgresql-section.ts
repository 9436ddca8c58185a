import type { PostgresqlOptions } from "../../src/db/index.ts";

/** The section of harbor.yml by which a Breakwater is told of the database. */
export function sectionOf({ host, port, database, username, password, maxConnections }: PostgresqlOptions) {
  const harbor = { host, port, db_name: database, username, password, max_open_conns: maxConnections };
  return { external_database: { harbor } };
}

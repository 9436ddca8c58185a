export { batches } from "./batches.ts";
export { Believed } from "./believed.ts";
export { type Counters, readCounters, setCounters } from "./counters.ts";
export {
  type Columns,
  type Criterion,
  containing,
  type ListQuery,
  matching,
  ordering,
  type Page,
  type Sort,
} from "./criteria.ts";
export type { Database, Reader, Tx, Version } from "./database.ts";
export { migrate } from "./migrate.ts";
export { openPostgresql } from "./open-postgresql.ts";
export { readPage } from "./pages.ts";
export type { PostgresqlOptions, SslMode } from "./postgresql/options.ts";
export type * from "./scan-schema.ts";
export type * from "./scanner-schema.ts";
export type * from "./schema.ts";
export { openSqlite } from "./sqlite.ts";
export { statement } from "./statement.ts";
export { readTables, type Table } from "./tables.ts";

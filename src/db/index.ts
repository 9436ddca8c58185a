export type { Database, Reader, Tx } from "./database.ts";
export { migrate } from "./migrate.ts";
export type * from "./schema.ts";
export { openSqlite } from "./sqlite.ts";

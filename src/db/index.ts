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
export type { Database, Reader, Tx } from "./database.ts";
export { migrate } from "./migrate.ts";
export type * from "./schema.ts";
export { openSqlite } from "./sqlite.ts";

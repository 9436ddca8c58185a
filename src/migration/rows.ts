import { createHash } from "node:crypto";
import { type Kysely, type RawBuilder, type SqlBool, sql } from "kysely";
import type { Database, Reader, Table, Tx } from "../db/index.ts";

/** A row, whatever its table: column by column, as both engines give and take it. */
export type Row = Readonly<Record<string, unknown>>;

/** Values of a key's columns. */
type Key = readonly unknown[];

/** Copying treats all tables alike, and so looks at none of them with its own type. */
type Untyped = Kysely<Record<string, Record<string, unknown>>>;
const untyped = (db: Reader | Tx) => db as unknown as Untyped;

/** Rows read and written at once. */
const pageSize = 500;
const pageOfLarge = 16;

/** What concerns one place alone stays there: which processes serve it, and how far it is copied. */
const ownSettings = sql<SqlBool>`name not like 'serve.%' and name not like 'migration.%'`;

function copied({ name }: Table): RawBuilder<SqlBool> {
  return name === "setting" ? ownSettings : sql<SqlBool>`1 = 1`;
}

/** The rows behind `after` in the order of their keys, a page at a time. */
export async function* pagesOf(
  db: Reader | Tx,
  table: Table,
  after: Key | null = null,
): AsyncGenerator<readonly Row[]> {
  const columns = sql.join(table.key.map((column) => sql.ref(column)));
  const limit = table.large ? pageOfLarge : pageSize;
  for (let last = after; ; ) {
    let query = untyped(db).selectFrom(table.name).selectAll().where(copied(table)).limit(limit);
    for (const column of table.key) query = query.orderBy(column);
    if (last !== null) query = query.where(sql<SqlBool>`(${columns}) > (${sql.join(last)})`);
    const rows = await query.execute();
    const end = rows.at(-1);
    if (end === undefined) return;
    yield rows;
    if (rows.length < limit) return;
    last = keyOf(table, end);
  }
}

/** The key up to which a table has been filled; null where it is empty. */
export async function lastKey(db: Reader | Tx, table: Table): Promise<Key | null> {
  let query = untyped(db)
    .selectFrom(table.name)
    .select([...table.key])
    .where(copied(table))
    .limit(1);
  for (const column of table.key) query = query.orderBy(column, "desc");
  const row = await query.executeTakeFirst();
  return row === undefined ? null : keyOf(table, row);
}

export async function insertRows(database: Database, table: Table, rows: readonly Row[]): Promise<void> {
  await database.write((tx) =>
    untyped(tx)
      .insertInto(table.name)
      .values([...rows])
      .execute(),
  );
}

export async function clearTable(tx: Tx, table: Table): Promise<void> {
  await untyped(tx).deleteFrom(table.name).where(copied(table)).execute();
}

/** How many rows there are, and a hash of them all: equal on two engines exactly when the rows are. */
export async function fingerprint(
  db: Reader,
  table: Table,
): Promise<{ readonly rows: number; readonly sha256: string }> {
  const hash = createHash("sha256");
  let count = 0;
  for await (const rows of pagesOf(db, table)) {
    for (const row of rows) hash.update(JSON.stringify(Object.entries(row).sort(byName).map(plain)));
    count += rows.length;
  }
  return { rows: count, sha256: hash.digest("hex") };
}

function keyOf(table: Table, row: Row): Key {
  return table.key.map((column) => row[column]);
}

function byName([a]: [string, unknown], [b]: [string, unknown]): number {
  return a < b ? -1 : 1;
}

function plain([name, value]: [string, unknown]): [string, unknown] {
  return [name, value instanceof Uint8Array ? value.toHex() : value];
}

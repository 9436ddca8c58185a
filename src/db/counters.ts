import { sql } from "kysely";
import type { Database, Reader, Tx } from "./database.ts";

/** By the table's name, the last number that was given out as an id; tables that never gave one out are left out. */
export type Counters = ReadonlyMap<string, number>;

/** What the engine counts ids up by: a deleted row's is not given out again, so it is more than the highest id. */
export async function readCounters({ engine, read }: Database): Promise<Counters> {
  const counters = new Map<string, number>();
  if (engine === "sqlite") {
    const { rows } = await sql<{ name: string; seq: number }>`select name, seq from sqlite_sequence`.execute(
      read,
    );
    for (const { name, seq } of rows) counters.set(name, seq);
    return counters;
  }
  for (const { table, sequence } of await sequencesOf(read)) {
    const { rows } = await sql<{ last_value: number; is_called: number }>`
      select last_value, is_called from ${sql.raw(sequence)}`.execute(read);
    const [row] = rows;
    if (row?.is_called === 1) counters.set(table, row.last_value);
  }
  return counters;
}

export async function setCounters({ engine, write }: Database, counters: Counters): Promise<void> {
  await write(async (tx) => {
    const sequences = engine === "sqlite" ? [] : await sequencesOf(tx);
    for (const [table, last] of counters) {
      if (engine === "sqlite") {
        await sql`delete from sqlite_sequence where name = ${table}`.execute(tx);
        await sql`insert into sqlite_sequence (name, seq) values (${table}, ${last})`.execute(tx);
        continue;
      }
      const sequence = sequences.find((one) => one.table === table)?.sequence;
      if (sequence === undefined) continue;
      await sql`select setval(${sequence}::regclass, ${last}::bigint)`.execute(tx);
    }
  });
}

async function sequencesOf(
  db: Reader | Tx,
): Promise<readonly { readonly table: string; readonly sequence: string }[]> {
  const { rows } = await sql<{ table: string; sequence: string }>`
    select table_name::text as "table",
      pg_get_serial_sequence(quote_ident(table_name), column_name) as sequence
    from information_schema.columns
    where table_schema = current_schema() and is_identity = 'YES'`.execute(db);
  return rows;
}

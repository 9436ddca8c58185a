import { Database as Sqlite } from "bun:sqlite";
import { Kysely } from "kysely";
import { migrate } from "./migrate.ts";
import type { Schema } from "./schema.ts";
import { SqliteDialect } from "./sqlite-dialect.ts";

/** A table as a copy of everything has to know it. */
export interface Table {
  readonly name: string;
  /** The primary key's columns, in its order. */
  readonly key: readonly string[];
  /** True when rows may be large: it has a column of bytes. */
  readonly large: boolean;
}

/**
 * Every table of the schema, each after those that it refers to. They are read off an empty database in memory,
 * so that no list has to be kept; both engines have the same.
 */
export async function readTables(): Promise<readonly Table[]> {
  using sqlite = new Sqlite(":memory:");
  const kysely = new Kysely<Schema>({ dialect: new SqliteDialect(sqlite) });
  await migrate({ engine: "sqlite", migrate: (work) => kysely.transaction().execute(work) });
  const names = sqlite
    .query<{ name: string }, []>(
      "select name from sqlite_schema where type = 'table' and name not like 'sqlite_%' order by name",
    )
    .all()
    .map(({ name }) => name)
    // What there is in it the target's own migrations write.
    .filter((name) => name !== "schema_migration");
  return inOrder(names, (name) => parentsOf(sqlite, name)).map((name) => describe(sqlite, name));
}

function describe(sqlite: Sqlite, name: string): Table {
  const columns = sqlite
    .query<{ name: string; type: string; pk: number }, [string]>("select * from pragma_table_info(?)")
    .all(name);
  const key = columns.filter(({ pk }) => pk > 0).sort((a, b) => a.pk - b.pk);
  return {
    name,
    key: key.map((column) => column.name),
    large: columns.some(({ type }) => type.toLowerCase() === "blob"),
  };
}

function parentsOf(sqlite: Sqlite, name: string): readonly string[] {
  const parents = sqlite
    .query<{ table: string }, [string]>(`select "table" from pragma_foreign_key_list(?)`)
    .all(name);
  return parents.map(({ table }) => table);
}

function inOrder(names: readonly string[], parents: (name: string) => readonly string[]): string[] {
  const ordered = new Set<string>();
  const add = (name: string) => {
    if (ordered.has(name)) return;
    for (const parent of parents(name)) if (parent !== name) add(parent);
    ordered.add(name);
  };
  for (const name of names) add(name);
  return [...ordered];
}

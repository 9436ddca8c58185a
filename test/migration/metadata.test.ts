import { expect, test } from "bun:test";
import { sql } from "kysely";
import { readCounters, readTables } from "../../src/db/index.ts";
import { copyMetadata } from "../../src/migration/index.ts";
import { describeUnless } from "../support/describe-unless.ts";
import { openOnPostgresql, openOnSqlite, type TestDatabase } from "../support/engines.ts";
import { missingPostgresql } from "../support/postgresql.ts";

describeUnless(missingPostgresql(), "metadata from one engine to the other", () => {
  const quiet = () => {};

  test("every table of the schema is known, each after those that it refers to", async () => {
    await using database = disposable(await openOnPostgresql());
    const { rows } = await sql<{ name: string }>`
      select table_name::text as name from information_schema.tables
      where table_schema = current_schema() and table_name <> 'schema_migration'`.execute(database.read);
    const names = (await readTables()).map(({ name }) => name);
    expect(names.toSorted()).toEqual(rows.map(({ name }) => name).sort());
    for (const [parent, child] of [
      ["project", "repository"],
      ["blob", "manifest"],
      ["manifest", "tag"],
      ["user_account", "session"],
    ] as const) {
      expect(names.indexOf(parent)).toBeLessThan(names.indexOf(child));
    }
  });

  test.each([
    ["SQLite to PostgreSQL", openOnSqlite, openOnPostgresql],
    ["PostgreSQL to SQLite", openOnPostgresql, openOnSqlite],
  ])("from %s: keys of all kinds, bytes, numbers that were given out", async (_, openFrom, openTo) => {
    await using from = disposable(await openFrom());
    await using to = disposable(await openTo());
    await fill(from);
    const tables = await readTables();
    const rows = await copyMetadata(from, to, tables, false, quiet);
    expect(rows).toBeGreaterThan(2000);
    expect(await readCounters(to)).toEqual(await readCounters(from));
    // A number that was given out and deleted is not given out again.
    expect(await addLabel(to, "after")).toBe((await addLabel(from, "after")) as number);

    await from.write((tx) => tx.updateTable("login_attempt").set({ failures: 9 }).execute());
    await from.write((tx) => tx.deleteFrom("label").where("name", "=", "after").execute());
    await expect(copyMetadata(from, to, tables, false, quiet)).rejects.toThrow("was changed while");
    expect(await copyMetadata(from, to, tables, true, quiet)).toBe(rows);
  });

  async function fill(database: TestDatabase): Promise<void> {
    const subjects = ["", "é", "ﬀ", "𝒳", "Z", "a", "~", "a b", "a%", "ａ", "\u{10ffff}"].flatMap((start) =>
      Array.from({ length: 200 }, (_, at) => `${start}${at}`),
    );
    await database.write(async (tx) => {
      const attempt = { failures: 1, last_at: 1_795_000_000_000, blocked_until: -1 };
      await tx
        .insertInto("login_attempt")
        .values(subjects.map((subject) => ({ subject, ...attempt })))
        .execute();
      const bytes = Array.from({ length: 40 }, (_, at) => new Uint8Array([0, at, 255, 128]));
      await tx
        .insertInto("tuf_metadata")
        .values(
          bytes.map((content, version) => ({
            gun: "a/b",
            role: "root",
            version,
            sha256: `${version}`,
            content,
            created_at: version,
          })),
        )
        .execute();
    });
    for (const name of ["one", "two", "three"]) await addLabel(database, name);
    await database.write((tx) => tx.deleteFrom("label").where("name", "=", "three").execute());
  }

  function addLabel(database: TestDatabase, name: string): Promise<number> {
    return database.write(async (tx) => {
      const label = { name, description: "", color: "", scope: "g", project_id: 0 } as const;
      const { id } = await tx
        .insertInto("label")
        .values({ ...label, created_at: 0, updated_at: 0 })
        .returning("id")
        .executeTakeFirstOrThrow();
      return id;
    });
  }
});

function disposable(database: TestDatabase): TestDatabase & AsyncDisposable {
  return { ...database, [Symbol.asyncDispose]: () => database.close() };
}

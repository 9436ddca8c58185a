import { describe, expect, test } from "bun:test";
import { sql } from "kysely";
import type { Database, Tx } from "../../src/db/index.ts";
import { openOnSqlite } from "../support/engines.ts";

const set = (tx: Tx, name: string, value = "1") => tx.insertInto("setting").values({ name, value }).execute();
const refuse = (tx: Tx, name: string) =>
  set(tx, name).then(() => {
    throw new Error(`not ${name}`);
  });

async function names(database: Database): Promise<string[]> {
  const rows = await database.read.selectFrom("setting").select("name").orderBy("name").execute();
  return rows.map(({ name }) => name);
}

async function outcomes(writes: Promise<unknown>[]): Promise<string[]> {
  const settled = await Promise.allSettled(writes);
  return settled.map((result) => (result.status === "fulfilled" ? "done" : String(result.reason.message)));
}

describe("transactions of one process that come at once", () => {
  test("are each undone by themselves, wherever among them they fail", async () => {
    const database = await openOnSqlite();
    const writes = ["a", "b", "c", "d", "e", "f"].map((name) =>
      database.write((tx) => (["a", "c", "f"].includes(name) ? refuse(tx, name) : set(tx, name))),
    );
    expect(await outcomes(writes)).toEqual(["not a", "done", "not c", "done", "done", "not f"]);
    expect(await names(database)).toEqual(["b", "d", "e"]);
    await database.close();
  });

  test("happen one after the other, and each sees those before it", async () => {
    const database = await openOnSqlite();
    await database.write((tx) => set(tx, "count", "0"));
    const writes = Array.from({ length: 300 }, () =>
      database.write(async (tx) => {
        const { value } = await tx
          .selectFrom("setting")
          .select("value")
          .where("name", "=", "count")
          .executeTakeFirstOrThrow();
        await Bun.sleep(0);
        await tx
          .updateTable("setting")
          .set({ value: String(Number(value) + 1) })
          .where("name", "=", "count")
          .execute();
      }),
    );
    await Promise.all(writes);
    const row = await database.read.selectFrom("setting").select("value").executeTakeFirst();
    expect(row?.value).toBe("300");
    await database.close();
  });

  test("are answered when others can read them, and not before", async () => {
    const database = await openOnSqlite();
    const other = await database.another();
    const writes = ["a", "b", "c"].map(async (name) => {
      await database.write((tx) => set(tx, name));
      expect(await names(other)).toContain(name);
    });
    await Promise.all(writes);
    await other.close();
    await database.close();
  });

  test("all fail, and leave nothing, when the commit that they share does; the next ones go on", async () => {
    const database = await openOnSqlite();
    const dangle = async (tx: Tx) => {
      await sql`pragma defer_foreign_keys = on`.execute(tx);
      await tx.insertInto("manifest_label").values({ manifest_id: 1, label_id: 1, created_at: 0 }).execute();
    };
    const writes = [
      database.write((tx) => set(tx, "before")),
      database.write(dangle),
      database.write((tx) => set(tx, "after")),
    ];
    expect(await outcomes(writes)).toEqual(Array(3).fill("FOREIGN KEY constraint failed"));
    expect(await names(database)).toEqual([]);
    await database.write((tx) => set(tx, "later"));
    expect(await names(database)).toEqual(["later"]);
    await database.close();
  });
});

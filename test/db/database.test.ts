import { expect, test } from "bun:test";
import { sql } from "kysely";
import { type Database, migrate, ordering } from "../../src/db/index.ts";
import { isRefusal } from "../../src/kernel/index.ts";
import { describeOnEngines } from "../support/engines.ts";

describeOnEngines("the database's port", (open) => {
  test("numbers, bytes and texts come back as they went in", async () => {
    const database = await open();
    const content = new Uint8Array([0, 1, 127, 128, 255]);
    const blob = await addBlob(database, "a", 9_007_199_254_740_991);
    await database.write((tx) =>
      tx.insertInto("manifest_content").values({ blob_id: blob, content }).execute(),
    );
    await put(database, "name", "ä😀'\"\\ \n");
    const row = await database.read
      .selectFrom("blob")
      .innerJoin("manifest_content", "manifest_content.blob_id", "blob.id")
      .select(["size", "content", "orphaned_at"])
      .executeTakeFirstOrThrow();
    expect(row).toEqual({ size: 9_007_199_254_740_991, content, orphaned_at: null });
    expect(row.content.constructor).toBe(Uint8Array);
    expect(await get(database, "name")).toBe("ä😀'\"\\ \n");
    const { size } = await database.read
      .selectFrom("blob")
      .select((of) => of.fn.sum<number>("size").as("size"))
      .executeTakeFirstOrThrow();
    expect(size).toBe(9_007_199_254_740_991);
    await database.close();
  });

  test("texts are ordered by their bytes", async () => {
    const database = await open();
    for (const name of ["b", "B", "a", "_", "a-b", "ab", "Z"]) await put(database, name, "");
    const rows = await database.read.selectFrom("setting").select("name").orderBy("name").execute();
    expect(rows.map(({ name }) => name)).toEqual(["B", "Z", "_", "a", "a-b", "ab", "b"]);
    await database.close();
  });

  test("what is empty comes first, and last in the other direction", async () => {
    const database = await open();
    for (const [digest, orphaned_at] of [
      ["a", 2],
      ["b", null],
      ["c", 1],
    ] as const) {
      const id = await addBlob(database, digest, 1);
      await database.write((tx) =>
        tx.updateTable("blob").set({ orphaned_at }).where("id", "=", id).execute(),
      );
    }
    const columns = { orphaned: { column: "orphaned_at", type: "number", nullable: true } } as const;
    const sorted = async (descending: boolean) => {
      const order = ordering([{ field: "orphaned", descending }], columns, []);
      const rows = await database.read.selectFrom("blob").select("digest").orderBy(order).execute();
      return rows.map(({ digest }) => digest).join("");
    };
    expect(await sorted(false)).toBe("bca");
    expect(await sorted(true)).toBe("acb");
    await database.close();
  });

  test("what is rejected leaves nothing, what is resolved is there for everybody", async () => {
    const database = await open();
    const other = await database.another();
    const failing = database.write(async (tx) => {
      await tx.insertInto("setting").values({ name: "a", value: "1" }).execute();
      throw new Error("no");
    });
    expect(failing).rejects.toThrow("no");
    await failing.catch(() => {});
    expect(await get(other, "a")).toBeUndefined();
    await put(database, "a", "2");
    expect(await get(other, "a")).toBe("2");
    await database.close();
  });

  test("the version changes with each commit of anybody, and not without one", async () => {
    const database = await open();
    const other = await database.another();
    const first = await database.version();
    expect(await database.version()).toBe(first);
    await put(other, "a", "1");
    const second = await database.version();
    expect(second).not.toBe(first);
    await put(database, "a", "2");
    expect(await database.version()).not.toBe(second);
    await database.close();
  });

  test("whoever asks for the version after a commit is not given one from before it", async () => {
    const database = await open();
    const other = await database.another();
    for (let round = 0; round < 20; round++) {
      const before = Array.from({ length: 5 }, () => database.version());
      await put(other, "round", String(round));
      const after = await database.version();
      await put(other, "round", `${round} again`);
      expect(await database.version()).not.toBe(after);
      await Promise.all(before);
    }
    await database.close();
  });

  test("nor is who asks in the turn of the event loop in which somebody has asked before the commit", async () => {
    const database = await open();
    const other = await database.another();
    for (const writer of [other, database]) {
      const before = await writer.write(async (tx) => {
        const version = await database.version();
        await tx
          .insertInto("setting")
          .values({ name: writer === other ? "a" : "b", value: "1" })
          .execute();
        return version;
      });
      expect(await database.version()).not.toBe(before);
    }
    await database.close();
  });

  test("no change is lost among many that read before they write", async () => {
    const database = await open();
    const both = [database, await database.another()];
    await put(database, "sum", "0");
    await Promise.all(
      Array.from({ length: 60 }, (_, at) =>
        both[at % 2]?.write(async (tx) => {
          const { value } = await tx
            .selectFrom("setting")
            .select("value")
            .where("name", "=", "sum")
            .executeTakeFirstOrThrow();
          await tx
            .updateTable("setting")
            .set({ value: String(Number(value) + 1) })
            .where("name", "=", "sum")
            .execute();
        }),
      ),
    );
    expect(await get(database, "sum")).toBe("60");
    await database.close();
  });

  test("of two that each see that the other has not written yet, one writes", async () => {
    const database = await open();
    const both = [database, await database.another()];
    for (let round = 0; round < 10; round++) {
      await Promise.all(
        both.map((one, at) =>
          one.write(async (tx) => {
            const taken = await tx
              .selectFrom("setting")
              .select("name")
              .where("name", "like", `${round}-%`)
              .execute();
            if (taken.length === 0) {
              await tx
                .insertInto("setting")
                .values({ name: `${round}-${at}`, value: "" })
                .execute();
            }
          }),
        ),
      );
    }
    const rows = await database.read.selectFrom("setting").select("name").execute();
    expect(rows.length).toBe(10);
    await database.close();
  });

  test("processes that start together migrate once; a newer schema is refused", async () => {
    const database = await open();
    await database.write(async (tx) => {
      await sql`create table kept as select * from schema_migration`.execute(tx);
    });
    const others = await Promise.all(Array.from({ length: 3 }, () => database.another()));
    await Promise.all(others.map((other) => migrate(other)));
    const { rows } = await sql`select * from schema_migration except select * from kept`.execute(
      database.read,
    );
    expect(rows).toEqual([]);
    await database.write(async (tx) => {
      await sql`insert into schema_migration (name, applied_at) values ('9999-later', 0)`.execute(tx);
    });
    const refused = await migrate(database).catch((error: unknown) => error);
    expect(isRefusal(refused, "SCHEMA_NEWER")).toBe(true);
    await database.close();
  });
});

async function put(database: Database, name: string, value: string): Promise<void> {
  await database.write((tx) =>
    tx
      .insertInto("setting")
      .values({ name, value })
      .onConflict((conflict) => conflict.column("name").doUpdateSet({ value }))
      .execute(),
  );
}

async function get(database: Database, name: string): Promise<string | undefined> {
  const query = database.read.selectFrom("setting").select("value").where("name", "=", name);
  return (await query.executeTakeFirst())?.value;
}

async function addBlob(database: Database, digest: string, size: number): Promise<number> {
  const times = { orphaned_at: null, claimed_until: null, created_at: 0 };
  const { id } = await database.write((tx) =>
    tx
      .insertInto("blob")
      .values({ digest, size, state: "live", links: 0, ...times })
      .returning("id")
      .executeTakeFirstOrThrow(),
  );
  return id;
}

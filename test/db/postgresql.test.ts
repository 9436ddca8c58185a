import { afterAll, beforeAll, beforeEach, expect, test } from "bun:test";
import { sql } from "kysely";
import {
  type Database,
  migrate,
  openPostgresql,
  type PostgresqlOptions,
  type Tx,
} from "../../src/db/index.ts";
import { type ErrorCode, isRefusal } from "../../src/kernel/index.ts";
import { describeUnless } from "../support/describe-unless.ts";
import { missingPostgresql, PostgresqlServer } from "../support/postgresql.ts";

describeUnless(missingPostgresql(), "PostgreSQL", () => {
  let server: PostgresqlServer;
  let options: PostgresqlOptions;
  beforeAll(async () => {
    server = await PostgresqlServer.create();
  });
  afterAll(() => server[Symbol.asyncDispose]());
  beforeEach(async () => {
    options = await server.createDatabase();
  });

  async function openMigrated(): Promise<Database> {
    const database = await openPostgresql(options);
    await migrate(database);
    return database;
  }

  test("of copies that start at once on an empty database one makes the tables", async () => {
    const copies = await Promise.all(Array.from({ length: 4 }, () => openPostgresql(options)));
    await Promise.all(copies.map((copy) => migrate(copy)));
    await insert(copies[3] as Database, "a");
    await Promise.all(copies.map((copy) => copy.close()));
  });

  test("a database with another program's tables is refused, and left as it is", async () => {
    const database = await openPostgresql(options);
    await database.migrate((tx) => sql`create table project (name text)`.execute(tx));
    expect(await outcome(migrate(database))).toBe("CONFIG_INVALID");
    expect(await outcome(migrate(database))).toBe("CONFIG_INVALID");
    await database.close();
  });

  test("while it is down everything is refused; afterwards all goes on", async () => {
    const database = await openMigrated();
    await insert(database, "before");
    for (const how of ["fast", "immediate"] as const) {
      const version = await database.version();
      await server.stop(how);
      expect(await outcome(names(database))).toBe("UNAVAILABLE");
      expect(await outcome(insert(database, "meanwhile"))).toBe("UNAVAILABLE");
      expect(await outcome(Promise.resolve(database.version()))).toBe("UNAVAILABLE");
      await server.start();
      expect(await names(database)).not.toContain("meanwhile");
      await insert(database, `after ${how}`);
      expect(await database.version()).not.toBe(version);
    }
    expect(await names(database)).toEqual(["after fast", "after immediate", "before"]);
    await database.close();
  });

  test("connections that ended unseen are no reason to refuse a read", async () => {
    const database = await openMigrated();
    const reads = () => Promise.all(Array.from({ length: 4 }, () => outcome(names(database))));
    await reads();
    await sql`select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid()
      and datname = current_database()`.execute(database.read);
    expect(new Set(await reads())).toEqual(new Set(["done"]));
    await database.close();
  });

  test("a change whose connection ends before the commit is made again", async () => {
    const database = await openMigrated();
    let runs = 0;
    await database.write(async (tx) => {
      runs++;
      await insertIn(tx, "once");
      if (runs === 1) await terminate(database, await pidOf(tx));
    });
    expect(runs).toBe(2);
    expect(await names(database)).toEqual(["once"]);
    await database.close();
  });

  test("a commit without an answer is neither acknowledged nor made again", async () => {
    const database = await openMigrated();
    await database.migrate(async (tx) => {
      await sql`create function wait() returns trigger language plpgsql as
        'begin perform pg_sleep(30); return new; end'`.execute(tx);
      await sql`create constraint trigger wait after insert on setting deferrable initially deferred
        for each row execute function wait()`.execute(tx);
    });
    let runs = 0;
    let pid = 0;
    const write = outcome(
      database.write(async (tx) => {
        runs++;
        pid = await pidOf(tx);
        await insertIn(tx, "perhaps");
      }),
    );
    while (!(await isCommitting(database, pid))) await Bun.sleep(10);
    await terminate(database, pid);
    expect(await write).toBe("UNAVAILABLE");
    expect(runs).toBe(1);
    await database.close();
  });

  test("an error that the work swallows is not taken for success", async () => {
    const database = await openMigrated();
    const work = database.write(async (tx) => {
      await insertIn(tx, "a");
      await sql`select 1 / 0`.execute(tx).catch(() => {});
    });
    expect(await outcome(work)).toBe("error");
    expect(await names(database)).toEqual([]);
    await database.close();
  });

  test("a text that cannot be stored is the client's error", async () => {
    const database = await openMigrated();
    expect(await outcome(insert(database, "a\0b"))).toBe("BAD_REQUEST");
    await database.close();
  });
});

function insert(database: Database, name: string): Promise<void> {
  return database.write((tx) => insertIn(tx, name));
}

async function insertIn(tx: Tx, name: string): Promise<void> {
  await tx.insertInto("setting").values({ name, value: "" }).execute();
}

async function names(database: Database): Promise<string[]> {
  const rows = await database.read.selectFrom("setting").select("name").orderBy("name").execute();
  return rows.map(({ name }) => name);
}

async function pidOf(tx: Tx): Promise<number> {
  const { rows } = await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(tx);
  return rows[0]?.pid ?? 0;
}

async function isCommitting(database: Database, pid: number): Promise<boolean> {
  const { rows } = await sql`select 1 from pg_stat_activity where pid = ${pid} and query = 'commit'
    and state = 'active'`.execute(database.read);
  return rows.length > 0;
}

async function terminate(database: Database, pid: number): Promise<void> {
  await sql`select pg_terminate_backend(${pid}, 5000)`.execute(database.read);
}

/** `done`, the code of the refusal, or `error`. */
async function outcome(work: Promise<unknown>): Promise<ErrorCode | "done" | "error"> {
  try {
    await work;
    return "done";
  } catch (error) {
    return isRefusal(error) ? error.code : "error";
  }
}

import { Kysely, sql } from "kysely";
import { minute, second } from "../kernel/index.ts";
import type { Database, Tx } from "./database.ts";
import { attempt } from "./postgresql/attempts.ts";
import { postgresqlDialect } from "./postgresql/dialect.ts";
import { explainMigration, firstContact } from "./postgresql/first-contact.ts";
import type { PostgresqlOptions } from "./postgresql/options.ts";
import { createPool, type PoolSize } from "./postgresql/pool.ts";
import { ReadDriver } from "./postgresql/read-driver.ts";
import { SharedQuestion } from "./postgresql/shared-question.ts";
import { TransactionDriver } from "./postgresql/transaction-driver.ts";
import type { Schema } from "./schema.ts";

/** How long the server may take for one statement. */
const readTime = 30 * second;
const writeTime = 2 * minute;

/** Any number that no other program on the same database is likely to lock: "Breakwater" on a telephone's keys. */
const migrationLock = 2_732_592_883;

/**
 * Serializable, so that what a transaction has read holds until it is committed, as in SQLite. A scan of a whole
 * table would make it conflict with every change there (PostgreSQL 13.2.3). A copy of Breakwater that was
 * suspended must not keep its locks for ever.
 */
const serializable = [
  "begin isolation level serializable",
  "set local enable_seqscan = off",
  // Compiling a statement takes longer than any of ours does.
  "set local jit = off",
  "set local idle_in_transaction_session_timeout = '60s'",
];

/*
 * What reads the same page of an index as others write to is taken for a conflict, and in small tables there
 * are few pages: tried again among others, it may fail for ever. So each transaction locks the table that only
 * migrations write to, the first time so that others can too, after a failure so that it runs alone; the queue
 * for a lock is a fair one. It is the one kind of statement before which nothing has been read yet.
 */
const among = "lock table schema_migration in row share mode";
const alone = "lock table schema_migration in exclusive mode";

/**
 * A PostgreSQL server, which several copies of Breakwater may share. Reads and changes have connections of their
 * own, so that a change may read and reads never wait for changes. Throws CONFIG_INVALID or UNAVAILABLE when
 * the server cannot be worked with.
 */
export async function openPostgresql(options: PostgresqlOptions): Promise<Database> {
  const { forgetful } = await firstContact(options);
  const { reading, writing } = divide(options);
  const readPool = createPool(options, reading, readTime);
  const writePool = createPool(options, writing, writeTime);
  const begin = [...serializable, ...(forgetful ? ["set local synchronous_commit = on"] : [])];
  const beginning = (lock: string) => new TransactionDriver(writePool, [...begin, lock].join("; "));

  const read = kysely(new ReadDriver(readPool));
  const writeAmong = kysely(beginning(among));
  const writeAlone = kysely(beginning(alone));

  // After a failover another server may count the same transactions again: what was known of the old one is void.
  let connections = 0;
  readPool.on("connect", () => {
    connections++;
  });
  // It names the transactions whose changes are visible, and so differs after each commit.
  const snapshot = sql<{ snapshot: string }>`select pg_current_snapshot()::text as snapshot`;
  const version = new SharedQuestion(async () => {
    const { rows } = await snapshot.execute(read);
    return `${connections}/${rows[0]?.snapshot}`;
  });

  const amongOthers = <T>(work: (tx: Tx) => Promise<T>) => writeAmong.transaction().execute(work);
  const byItself = <T>(work: (tx: Tx) => Promise<T>) => writeAlone.transaction().execute(work);
  const change = <T>(first: typeof amongOthers, work: (tx: Tx) => Promise<T>): Promise<T> =>
    attempt(
      () => first(work),
      () => byItself(work),
    );

  return {
    engine: "postgresql",
    read,
    write: (work) => change(amongOthers, work),
    alone: (work) => change(byItself, work),
    migrate: (work) => changeSchema(options, work),
    version: () => version.ask(),
    async close() {
      await Promise.all([writePool.end(), readPool.end()]);
    },
  };
}

/** On a connection that waits as long as it takes; the lock comes first, so that `work` sees what others did. */
async function changeSchema<T>(options: PostgresqlOptions, work: (tx: Tx) => Promise<T>): Promise<T> {
  const pool = createPool(options, { max: 1, idle: 0 }, 0);
  const lock = `begin; select pg_advisory_xact_lock(${migrationLock})`;
  const change = () => kysely(new TransactionDriver(pool, lock)).transaction().execute(work);
  try {
    return await attempt(change, change);
  } catch (error) {
    throw explainMigration(error, options);
  } finally {
    await pool.end();
  }
}

function kysely(driver: ReadDriver | TransactionDriver): Kysely<Schema> {
  return new Kysely<Schema>({ dialect: postgresqlDialect(driver) });
}

function divide({ maxConnections: max, idleConnections: idle }: PostgresqlOptions): {
  readonly reading: PoolSize;
  readonly writing: PoolSize;
} {
  return {
    reading: { max: Math.ceil(max / 2), idle: Math.ceil(idle / 2) },
    writing: { max: Math.max(1, Math.floor(max / 2)), idle: Math.floor(idle / 2) },
  };
}

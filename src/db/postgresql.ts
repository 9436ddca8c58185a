import { Kysely, sql } from "kysely";
import { minute, second } from "../kernel/index.ts";
import type { Database, Tx } from "./database.ts";
import { attempt } from "./postgresql/attempts.ts";
import { postgresqlDialect } from "./postgresql/dialect.ts";
import { firstContact } from "./postgresql/first-contact.ts";
import type { PostgresqlOptions } from "./postgresql/options.ts";
import { createPool, type PoolSize } from "./postgresql/pool.ts";
import { ReadDriver } from "./postgresql/read-driver.ts";
import { SharedQuestion } from "./postgresql/shared-question.ts";
import { TransactionDriver } from "./postgresql/transaction-driver.ts";
import type { Schema } from "./schema.ts";

/** How long the server may take for one statement. */
const readTime = 30 * second;
const writeTime = 2 * minute;

/** Any number that no other program on the same database is likely to lock: "Breakwater" spelled on a telephone. */
const aloneLock = 2_732_592_883;

/**
 * Serializable, so that what a transaction has read holds until it is committed, as in SQLite. Scans of whole
 * tables would make every two transactions on a small table conflict (PostgreSQL 13.2.3). A copy that was
 * suspended must not keep its locks for ever.
 */
const begin = [
  "begin isolation level serializable",
  "set local enable_seqscan = off",
  "set local idle_in_transaction_session_timeout = '60s'",
];

/**
 * A PostgreSQL server, which several copies of Breakwater may share. Reads and changes have connections of their
 * own, so that a change may read and reads never wait for changes. Throws CONFIG_INVALID or UNAVAILABLE when
 * the server cannot be worked with.
 */
export async function openPostgresql(options: PostgresqlOptions): Promise<Database> {
  const { forgetful } = await firstContact(options);
  const { reading, writing } = divide(options);
  const statements = [...begin, ...(forgetful ? ["set local synchronous_commit = on"] : [])].join("; ");
  const readPool = createPool(options, reading, readTime);
  const read = kysely(new ReadDriver(readPool));
  const write = kysely(new TransactionDriver(createPool(options, writing, writeTime), statements));

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

  return {
    engine: "postgresql",
    read,
    write: (work) => attempt(() => write.transaction().execute(work)),
    writeAlone: (work) => writeAlone(options, work),
    version: () => version.ask(),
    async close() {
      await write.destroy();
      await read.destroy();
    },
  };
}

/** On a connection that waits as long as it takes; the lock comes first, so that `work` sees what others did. */
async function writeAlone<T>(options: PostgresqlOptions, work: (tx: Tx) => Promise<T>): Promise<T> {
  const pool = createPool(options, { max: 1, idle: 0 }, 0);
  const alone = kysely(new TransactionDriver(pool, `begin; select pg_advisory_xact_lock(${aloneLock})`));
  try {
    return await attempt(() => alone.transaction().execute(work));
  } finally {
    await alone.destroy();
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

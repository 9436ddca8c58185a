import type { Database as Sqlite, Statement } from "bun:sqlite";
import {
  type CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  type Kysely,
  type QueryResult,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from "kysely";
import { Lru } from "../kernel/index.ts";

/** How long a writer waits for another process's transaction before it gives up. */
const lockPatience = 30_000;

/** Kysely on one `bun:sqlite` connection. Transactions take the write lock at once and in turn. */
export class SqliteDialect implements Dialect {
  readonly #sqlite: Sqlite;

  constructor(sqlite: Sqlite) {
    this.#sqlite = sqlite;
  }

  createAdapter = () => new SqliteAdapter();
  createQueryCompiler = () => new SqliteQueryCompiler();
  createIntrospector = (db: Kysely<unknown>) => new SqliteIntrospector(db);
  createDriver = (): Driver => new SqliteDriver(new SqliteConnection(this.#sqlite));
}

class SqliteDriver implements Driver {
  readonly #connection: SqliteConnection;
  #turn: Promise<void> = Promise.resolve();
  #release: () => void = () => {};

  constructor(connection: SqliteConnection) {
    this.#connection = connection;
  }

  async init(): Promise<void> {}

  async acquireConnection(): Promise<DatabaseConnection> {
    const before = this.#turn;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#turn = promise;
    await before;
    this.#release = resolve;
    return this.#connection;
  }

  async releaseConnection(): Promise<void> {
    this.#release();
  }

  async beginTransaction(): Promise<void> {
    // The engine's own busy handler would block the whole process while it waits; this waits aside.
    const deadline = Date.now() + lockPatience;
    for (let pause = 1; ; pause = Math.min(pause * 2, 25)) {
      try {
        this.#connection.run("begin immediate");
        return;
      } catch (error) {
        const busy = (error as { code?: string }).code?.startsWith("SQLITE_BUSY") ?? false;
        if (!busy || Date.now() > deadline) throw error;
        await Bun.sleep(pause);
      }
    }
  }

  async commitTransaction(): Promise<void> {
    this.#connection.run("commit");
  }

  async rollbackTransaction(): Promise<void> {
    // The engine ends a transaction by itself when its disk is full, and that is what has to be told.
    if (this.#connection.inTransaction) this.#connection.run("rollback");
  }

  async destroy(): Promise<void> {}
}

class SqliteConnection implements DatabaseConnection {
  readonly #sqlite: Sqlite;
  readonly #statements = new Lru<string, Statement>(512);

  constructor(sqlite: Sqlite) {
    this.#sqlite = sqlite;
  }

  get inTransaction(): boolean {
    return this.#sqlite.inTransaction;
  }

  run(sql: string): void {
    this.#sqlite.run(sql);
  }

  async executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    let statement = this.#statements.get(query.sql);
    if (statement === undefined) {
      statement = this.#sqlite.prepare(query.sql);
      this.#statements.set(query.sql, statement);
    }
    const parameters = query.parameters as never[];
    if (statement.columnNames.length > 0) return { rows: statement.all(...parameters) as R[] };
    const { changes, lastInsertRowid } = statement.run(...parameters);
    return { rows: [], numAffectedRows: BigInt(changes), insertId: BigInt(lastInsertRowid) };
  }

  // biome-ignore lint/correctness/useYield: Kysely asks for a generator; SQLite's rows are all in memory at once.
  async *streamQuery<R>(): AsyncIterableIterator<QueryResult<R>> {
    throw new Error("Streaming queries are not used: page through the rows by key instead.");
  }
}

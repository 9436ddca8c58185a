import type { DatabaseConnection, Driver, QueryResult } from "kysely";
import type { Pool } from "pg";
import { second } from "../../kernel/index.ts";
import { HeldConnection, type Statement } from "./connection.ts";
import { ConnectionLost, toRefusal } from "./errors.ts";

/** A connection that had ended before it was used says so in less time than this. */
const stale = second;

/** Single statements, each on whichever connection is free. */
export class ReadDriver implements Driver {
  readonly #connection: DatabaseConnection;

  constructor(pool: Pool) {
    this.#connection = new ReadConnection(pool);
  }

  async init(): Promise<void> {}

  async acquireConnection(): Promise<DatabaseConnection> {
    return this.#connection;
  }

  async releaseConnection(): Promise<void> {}

  async beginTransaction(): Promise<void> {
    throw new Error("Transactions go through Database.write.");
  }

  async commitTransaction(): Promise<void> {}

  async rollbackTransaction(): Promise<void> {}

  /** The pool is its maker's to close. */
  async destroy(): Promise<void> {}
}

class ReadConnection implements DatabaseConnection {
  readonly #pool: Pool;

  constructor(pool: Pool) {
    this.#pool = pool;
  }

  async executeQuery<R>(statement: Statement): Promise<QueryResult<R>> {
    const begun = performance.now();
    try {
      return await this.#once(statement);
    } catch (error) {
      // Idle connections die when the server is restarted: that is no reason to bother anybody.
      if (!(error instanceof ConnectionLost) || performance.now() - begun > stale) throw toRefusal(error);
    }
    try {
      return await this.#once(statement);
    } catch (error) {
      throw toRefusal(error);
    }
  }

  async #once<R>(statement: Statement): Promise<QueryResult<R>> {
    const connection = await HeldConnection.acquire(this.#pool);
    try {
      return await connection.executeQuery<R>(statement);
    } finally {
      connection.release();
    }
  }

  // biome-ignore lint/correctness/useYield: Kysely asks for a generator.
  async *streamQuery<R>(): AsyncIterableIterator<QueryResult<R>> {
    throw new Error("Streaming queries are not used: page through the rows by key instead.");
  }
}

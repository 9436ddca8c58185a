import type { Driver } from "kysely";
import type { Pool } from "pg";
import { HeldConnection } from "./connection.ts";
import { ConnectionLost, unknownOutcome } from "./errors.ts";

/** Transactions that all begin alike, each on a connection of its own. */
export class TransactionDriver implements Driver {
  readonly #pool: Pool;
  readonly #begin: string;

  /** `begin` are the statements that begin a transaction. */
  constructor(pool: Pool, begin: string) {
    this.#pool = pool;
    this.#begin = begin;
  }

  async init(): Promise<void> {}

  acquireConnection(): Promise<HeldConnection> {
    return HeldConnection.acquire(this.#pool);
  }

  async beginTransaction(connection: HeldConnection): Promise<void> {
    await connection.run(this.#begin);
  }

  /** Throws UNAVAILABLE where nobody knows whether it was committed; after any other error it was not. */
  async commitTransaction(connection: HeldConnection): Promise<void> {
    if (connection.lost) throw new ConnectionLost("It ended before the commit was sent.");
    let done: string;
    try {
      done = await connection.run("commit");
    } catch (error) {
      throw error instanceof ConnectionLost ? unknownOutcome(error) : error;
    }
    // The answer to a commit after a statement had failed, and somebody caught the error.
    if (done !== "COMMIT") throw new Error("A statement of the transaction had failed; nothing was kept.");
  }

  async rollbackTransaction(connection: HeldConnection): Promise<void> {
    // Without a connection there is no transaction either; what matters is what went wrong before.
    await connection.run("rollback").catch(() => {});
  }

  async releaseConnection(connection: HeldConnection): Promise<void> {
    connection.release();
  }

  /** The pool is its maker's to close. */
  async destroy(): Promise<void> {}
}

import type { CompiledQuery, DatabaseConnection, QueryResult } from "kysely";
import type { Pool, PoolClient } from "pg";
import { asLoss, ConnectionLost } from "./errors.ts";

export type Statement = Pick<CompiledQuery, "sql" | "parameters">;

/** One connection of the pool, for as long as it is held. Throws ConnectionLost where there is none any more. */
export class HeldConnection implements DatabaseConnection {
  readonly #client: PoolClient;
  readonly #onError = () => {
    this.#lost = true;
  };
  #lost = false;

  private constructor(client: PoolClient) {
    this.#client = client;
    client.on("error", this.#onError);
  }

  /** True once it is known to have ended: what is asked of it now is never sent. */
  get lost(): boolean {
    return this.#lost;
  }

  static async acquire(pool: Pool): Promise<HeldConnection> {
    try {
      return new HeldConnection(await pool.connect());
    } catch (error) {
      // Whatever the server said, be it that the password is wrong: nothing can be asked now.
      throw new ConnectionLost(error);
    }
  }

  async executeQuery<R>({ sql, parameters }: Statement): Promise<QueryResult<R>> {
    const { rows, rowCount } = await this.#ask(sql, parameters);
    return { rows, numAffectedRows: BigInt(rowCount ?? 0) };
  }

  /** Runs a command that takes no parameters and answers what the server says it did: `COMMIT`, `ROLLBACK`. */
  async run(sql: string): Promise<string> {
    return (await this.#ask(sql, [])).command;
  }

  async #ask(sql: string, parameters: readonly unknown[]) {
    try {
      return await this.#client.query(sql, [...parameters]);
    } catch (error) {
      const known = asLoss(error);
      this.#lost ||= known instanceof ConnectionLost;
      throw known;
    }
  }

  /** Back to the pool, which ends one that was lost. */
  release(): void {
    this.#client.off("error", this.#onError);
    this.#client.release(this.#lost);
  }

  // biome-ignore lint/correctness/useYield: Kysely asks for a generator.
  async *streamQuery<R>(): AsyncIterableIterator<QueryResult<R>> {
    throw new Error("Streaming queries are not used: page through the rows by key instead.");
  }
}

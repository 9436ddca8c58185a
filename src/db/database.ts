import type { Kysely, Transaction } from "kysely";
import type { Schema } from "./schema.ts";

export type Tx = Transaction<Schema>;
export type Reader = Kysely<Schema>;

/**
 * The metadata's port. Reads see what was committed; every change goes through `write`, so that each engine
 * can serialise, retry and make durable in its own way.
 */
export interface Database {
  readonly engine: "sqlite" | "postgresql";
  readonly read: Reader;
  /**
   * Runs `work` in one transaction. When the promise resolves, its changes are on stable storage; when it
   * rejects, none of them is. `work` may run more than once and must touch nothing outside that cannot be
   * repeated.
   */
  write<T>(work: (tx: Tx) => Promise<T>): Promise<T>;
  /** A number that differs whenever anything was committed since it was last asked: what caches check. */
  version(): number | Promise<number>;
  close(): Promise<void>;
}

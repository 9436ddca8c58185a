import type { Kysely, Transaction } from "kysely";
import type { Schema } from "./schema.ts";

export type Tx = Transaction<Schema>;
export type Reader = Kysely<Schema>;

/** What the engine calls the state that reads see: compared, and nothing else. */
export type Version = number | string;

/**
 * The metadata's port. Reads see what was committed; every change goes through `write`, so that each engine
 * can serialise, retry and make durable in its own way. An engine that does not answer throws UNAVAILABLE.
 */
export interface Database {
  readonly engine: "sqlite" | "postgresql";
  readonly read: Reader;
  /**
   * Runs `work` in one transaction. When the promise resolves, its changes are on stable storage; when it
   * rejects, none of them is, unless the connection ended during the commit: then UNAVAILABLE says that nobody
   * knows. `work` may run more than once and must touch nothing outside that cannot be repeated.
   */
  write<T>(work: (tx: Tx) => Promise<T>): Promise<T>;
  /**
   * As `write`, while no other change is under way: for what holds the database against something beside it, which a
   * change may be about to alter.
   */
  alone<T>(work: (tx: Tx) => Promise<T>): Promise<T>;
  /** As `write`, for as long as it takes, while no other process on this database is in here. */
  migrate<T>(work: (tx: Tx) => Promise<T>): Promise<T>;
  /**
   * Differs whenever anything was committed since it was last asked: what caches check. An answer is never from
   * before the request for which it was asked.
   */
  version(): Version | Promise<Version>;
  close(): Promise<void>;
}

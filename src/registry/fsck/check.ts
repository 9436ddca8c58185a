import type { ObjectStore } from "../../blobs/index.ts";
import type { Reader, Tx } from "../../db/index.ts";
import type { Examined, Finding } from "./finding.ts";

/** What a check works with. */
export interface Scope {
  readonly read: Reader;
  readonly objects: ObjectStore;
  /** Milliseconds since 1970: files changed since then may belong to something under way. */
  readonly settledBefore: number;
  /** Milliseconds since 1970. */
  now(): number;
  /** Read the bytes of every blob, not only their number. */
  readonly deep: boolean;
  /** Let a repair delete content that the database does not know. */
  readonly discardUnknown: boolean;
  /** Counts what was looked at, and the bytes that were read for it. */
  examined(what: Examined, count: number, bytes?: number): void;
}

/**
 * Looks again at something that looked wrong, while nobody else can change it: it has the database alone, and
 * everything that changes the registry's content begins there. Null when all is well by now.
 */
export type Suspicion = (tx: Tx) => Promise<Problem | null>;

export interface Problem {
  readonly finding: Finding;
  /**
   * Puts it right, in the transaction that found it; null when nothing can. Resolves to false when it could
   * only keep the damage from spreading.
   */
  readonly repair: ((tx: Tx) => Promise<boolean>) | null;
}

/** One promise between database and storage: goes through everything it holds for, in bounded memory. */
export type Check = (scope: Scope) => AsyncIterable<Suspicion>;

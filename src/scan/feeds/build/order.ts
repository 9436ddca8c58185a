import type { DatabaseManifest } from "../../vulndb/advisory.ts";

/** What a database is to be compiled from; plain data, which goes to another process. */
export interface BuildOrder {
  /** The SQLite file to write, which is not there yet. */
  readonly out: string;
  /** The database before, from which feeds that are neither in `feeds` nor in `drop` are taken over. */
  readonly previous: string | null;
  readonly feeds: readonly FetchedFeed[];
  readonly drop: readonly string[];
  /** Milliseconds since 1970. */
  readonly builtAt: number;
}

/** A feed that was fetched anew. */
export interface FetchedFeed {
  readonly name: string;
  readonly format: string;
  readonly source: string;
  /** Files and folders: all of them together are the feed. */
  readonly paths: readonly string[];
  readonly fetchedAt: number;
  /** Of what was fetched, in hexadecimal. */
  readonly sha256: string;
}

export interface Built {
  readonly manifest: DatabaseManifest;
  /** Feeds that could not be read, with a sentence; what the previous database had of them is in the new one. */
  readonly failures: readonly { readonly feed: string; readonly reason: string }[];
}

/** Compiles a database. `progress` is told of feeds, with their records so far. */
export type Build = (
  order: BuildOrder,
  progress: (feed: string, records: number) => void,
  signal: AbortSignal,
) => Promise<Built>;

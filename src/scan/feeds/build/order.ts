import type { BuildResult } from "../../vulndb/build.ts";
import type { FeedFormat } from "../../vulndb/formats/index.ts";

/** The command by which a program in one file is its own compiler. */
export const builderCommand = "build-database";

/** What a database is to be compiled from; plain data, which goes to another process. */
export interface BuildOrder {
  /** The SQLite file to write. */
  readonly target: string;
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
  readonly format: FeedFormat;
  readonly source: string;
  /** Files and folders: all of them together are the feed. */
  readonly paths: readonly string[];
  readonly fetchedAt: number;
  /** Of what was fetched, in hexadecimal. */
  readonly sha256: string;
  /** What the server said of its age; null where it said nothing. */
  readonly asOf: number | null;
}

/** Compiles a database. `progress` is told of feeds, with their records so far. */
export type Build = (
  order: BuildOrder,
  progress: (feed: string, records: number) => void,
  signal: AbortSignal,
) => Promise<BuildResult>;

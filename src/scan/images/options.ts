import type { ObjectStore } from "../../blobs/index.ts";
import type { Database } from "../../db/index.ts";
import type { Events } from "../../events/index.ts";
import type { Clock } from "../../kernel/index.ts";
import type { Known } from "../match/known.ts";
import type { DatabaseManifest } from "../vulndb/advisory.ts";

export interface ImagesOptions {
  readonly database: Database;
  readonly objects: ObjectStore;
  readonly clock: Clock;
  readonly events: Events;
  /** The vulnerability database that this process has open; null while there is none. */
  readonly current: () => CurrentKnown | null;
  /** The one that holds for all processes; null while there is none, and while this process cannot have it. */
  readonly newest: () => Promise<CurrentKnown | null>;
  /** Of this machine, for files of a layer that are too large for the memory. */
  readonly temporaryFolder: string;
  /** Milliseconds after it was last read from which a feed is stale. */
  readonly maxAge: (feed: string) => number;
}

/** A vulnerability database, open. */
export interface CurrentKnown extends Known {
  readonly manifest: DatabaseManifest;
}

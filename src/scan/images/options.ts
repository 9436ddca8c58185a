import type { ObjectStore } from "../../blobs/index.ts";
import type { Database } from "../../db/index.ts";
import type { Events } from "../../events/index.ts";
import type { Clock } from "../../kernel/index.ts";
import type { ImageInventory } from "../inventory/package.ts";
import type { Known } from "../match/known.ts";
import type { DatabaseManifest } from "../vulndb/advisory.ts";
import type { KnownLayer } from "./layers.ts";

export interface ImagesOptions {
  readonly database: Database;
  readonly objects: ObjectStore;
  readonly clock: Clock;
  readonly events: Events;
  readonly inspector: LayerInspector;
  /** The vulnerability database that this process has; null while there is none. */
  readonly current: () => CurrentKnown | null;
  /** Milliseconds after it was last read from which a feed is stale. */
  readonly maxAge: (feed: string) => number;
}

/** A vulnerability database, open. */
export interface CurrentKnown extends Known {
  readonly manifest: DatabaseManifest;
}

/** Reads what is inside layers, and lays them over one another. */
export interface LayerInspector {
  /** Of the reader: what another one has found is not gone by. */
  readonly version: number;
  /** `failure` is a sentence: the layer is not what it should be, or more than may be read. */
  inspect(layer: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<Inspected>;
  /** Lowest layer first. One that could not be read is a failure of the image's inventory. */
  compose(layers: readonly KnownLayer[]): ImageInventory;
}

export type Inspected = { readonly content: Uint8Array } | { readonly failure: string };

import type { Readable } from "node:stream";
import type { BreakwaterError } from "../../kernel/index.ts";
import type { ObjectInfo } from "../object-store.ts";

/**
 * What `ChunkedStore` needs of a service that keeps objects. What fails for a while is tried again below this port;
 * then each method throws UNAVAILABLE, or STORAGE_FULL where the service has no room.
 */
export interface ObjectService {
  /** Bytes of an upload that are gathered in memory before they are sent. */
  readonly chunkSize: number;
  /** Resolves when the service has acknowledged the whole object. `patience`: milliseconds for all attempts. */
  put(key: string, content: Uint8Array, patience?: number): Promise<void>;
  stat(key: string): Promise<ObjectInfo | null>;
  /** As `ObjectStore.remove`. */
  remove(key: string, time?: number): Promise<void>;
  /** Everything below the folder, in the order of the keys. */
  list(folder: string): AsyncIterable<ObjectInfo>;
  /**
   * Asks for the bytes `[start, end)` once; null when there is nothing in the range. Throws BLOB_UNKNOWN when there
   * is no such object.
   */
  readonly request: RequestRange;
  /** Makes one object out of several, replacing `target`. `scratch` is a folder; whoever calls empties it. */
  compose(pieces: readonly Piece[], target: string, scratch: string): Promise<void>;
  /** As `ObjectStore.redirect`. */
  redirect(key: string, clientAddress: string): Promise<string> | null;
  /** As `ObjectStore.sweep`. */
  sweep(before: number): Promise<void>;
  /** A failure at the start, for the operator: CONFIG_INVALID saying which setting is wrong, or UNAVAILABLE. */
  misconfigured(error: unknown): BreakwaterError;
}

export type RequestRange = (key: string, start: number, end: number) => Promise<Part | null>;

/** An answer whose bytes are on their way. */
export interface Part {
  /** Bytes that are to come. */
  readonly length: number;
  readonly body: Readable;
}

/** The first `length` of an object's `size` bytes. */
export interface Piece {
  readonly key: string;
  readonly length: number;
  readonly size: number;
}

/** Bytes `[start, end)` as a request asks for them (RFC 9110, section 14.1.2); null for all of them. */
export function rangeOf(start: number, end: number): string | null {
  if (start === 0 && !Number.isFinite(end)) return null;
  return `bytes=${start}-${Number.isFinite(end) ? end - 1 : ""}`;
}

/** What is known of a stored object without reading it. */
export interface ObjectInfo {
  readonly key: string;
  /** Bytes. */
  readonly size: number;
  /** Milliseconds since 1970. */
  readonly modifiedAt: number;
}

/**
 * The storage's port: objects under keys, as a file system and a bucket both can hold them. What a method has
 * resolved for is on stable storage. A driver passes the suite in `test/blobs/object-store-suite.ts`.
 */
export interface ObjectStore {
  /** Writes a small object whole: a reader sees the old bytes or the new ones, never a part. */
  put(key: string, content: Uint8Array | string): Promise<void>;
  /** Reads a small object whole, or null. */
  get(key: string): Promise<Uint8Array | null>;
  stat(key: string): Promise<ObjectInfo | null>;
  /** Removes an object; one that is not there is no error. */
  remove(key: string): Promise<void>;
  /** All objects whose keys lie under the folder `prefix`, in no order. */
  list(prefix: string): AsyncIterable<ObjectInfo>;
  /** An object's bytes as the body of an answer, `[start, end)` where given. Opened when it is sent. */
  body(key: string, start?: number, end?: number): Blob;
  /**
   * Opens a staged object for appending at `offset`; bytes beyond it, not acknowledged, are cut off. With
   * `takeOver` whoever may still be writing to it, thought dead, can do it no harm any more.
   */
  append(key: string, offset: number, takeOver?: boolean): Promise<Appender>;
  /** Moves a staged object to its place. An object that is already there is replaced by these bytes. */
  move(from: string, to: string): Promise<void>;
  /** Proves that the storage takes and gives back bytes; throws what it failed with. */
  probe(): Promise<void>;
}

/** An append to a staged object, one writer at a time. */
export interface Appender {
  /** Takes bytes; the promise, where there is one, resolves when more may be sent (back-pressure). */
  write(chunk: Uint8Array): Promise<void> | undefined;
  /** Resolves when all bytes taken are on stable storage. Throws STORAGE_FULL when there is no room. */
  flush(): Promise<void>;
  /** Releases the object without a flush. */
  close(): Promise<void>;
}

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
 *
 * Staged objects, those below `uploadsPrefix`, are written by `append` alone. To read, list and remove they are
 * objects like others, in however many pieces a driver keeps them.
 */
export interface ObjectStore {
  /** Writes a small object whole: a reader sees the old bytes or the new ones, never a part. */
  put(key: string, content: Uint8Array | string): Promise<void>;
  /** Reads a small object whole, or null. */
  get(key: string): Promise<Uint8Array | null>;
  stat(key: string): Promise<ObjectInfo | null>;
  /**
   * Removes an object; one that is not there is no error. Where `time` is given, in milliseconds, it is not asked of a
   * service any more once that is over, and UNAVAILABLE is thrown.
   */
  remove(key: string, time?: number): Promise<void>;
  /** All objects whose keys lie under the folder `prefix`, in no order. */
  list(prefix: string): AsyncIterable<ObjectInfo>;
  /**
   * An object's bytes as the body of an answer, `[start, end)` where given. A file is opened when it is sent, so
   * that the system can send it by itself; a bucket is asked first, and throws BLOB_UNKNOWN for what is missing.
   */
  body(key: string, start?: number, end?: number): Blob | Promise<Blob | ReadableStream<Uint8Array>>;
  /** An object's bytes for reading here, `[start, end)` where given, a piece at a time. */
  read(key: string, start?: number, end?: number): AsyncIterable<Uint8Array>;
  /** Where the client at that address may fetch the object by itself; null where its bytes are to be sent. */
  redirect(key: string, clientAddress: string): Promise<string> | null;
  /** Opens a staged object for appending at `offset`; bytes beyond it, not acknowledged, are cut off. */
  append(key: string, offset: number, writer: Writer): Promise<Appender>;
  /**
   * Moves the first `size` bytes of a staged object to their place, and forgets others. An object that is already there
   * is replaced by them. Throws BLOB_UPLOAD_INVALID where they are fewer.
   */
  move(from: string, to: string, size: number): Promise<void>;
  /** Has an object stay that a process, which died, may have moved to its place without having made that last. */
  settle(key: string): Promise<void>;
  /** Takes away what writers that died before that time left where no key shows it. */
  sweep(before: number): Promise<void>;
  /** Proves that the storage takes and gives back bytes; throws what it failed with. */
  probe(): Promise<void>;
}

/** Who appends to a staged object. */
export interface Writer {
  /** A whole number, larger for each writer of the object than for those before it. */
  readonly fence: number;
  /** The one before never said that it had ended. Should it still write, it can do the object no harm. */
  readonly takenOver: boolean;
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

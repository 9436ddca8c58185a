import { BreakwaterError, isRefusal } from "../../kernel/index.ts";
import { blobsPrefix, uploadKey, uploadOfKey, uploadsPrefix } from "../layout.ts";
import type { Appender, ObjectInfo, ObjectStore, Writer } from "../object-store.ts";
import { inParallel, Turns } from "../turns.ts";
import { Bucket } from "./bucket.ts";
import { ChunkAppender } from "./chunk-appender.ts";
import { chainOf, lengthOf, listKeys, listObjects } from "./chunks.ts";
import { Composer } from "./composer.ts";
import { misconfigured, unavailable } from "./errors.ts";
import { abortMultiparts } from "./multiparts.ts";
import { putObject, removeObject, statObject } from "./objects.ts";
import type { S3Options } from "./options.ts";
import { openObject, readWhole, toStream } from "./reader.ts";
import { Redirects } from "./redirects.ts";

/** Chunks on their way at once, of all uploads together: what they take of the memory has a bound. */
const chunksInFlight = 8;
/** Removals of one upload's chunks at once. */
const removalsAtOnce = 16;
/** Objects up to here are answered with their length; longer ones are passed on as they come. */
const wholeUpTo = 1024 * 1024;
/** Milliseconds: who asks for the state of things wants to know it now. */
const probePatience = 2_000;

/**
 * Objects in a bucket of Amazon's S3 or of whatever speaks its protocol. A write has happened when the service
 * has answered 200. Reads and lists must show what was written before, as Amazon's do since December 2020, and
 * those of MinIO, Ceph and Google too. How uploads lie is in `chunks.ts`, how they become blobs in `composer.ts`.
 */
export class S3Store implements ObjectStore {
  readonly #bucket: Bucket;
  readonly #composer: Composer;
  readonly #redirects: Redirects | null;
  readonly #turns = new Turns(chunksInFlight);

  constructor(options: S3Options) {
    this.#bucket = new Bucket(options);
    this.#composer = new Composer(this.#bucket);
    this.#redirects = options.redirect === null ? null : new Redirects(this.#bucket, options.redirect);
  }

  async put(key: string, content: Uint8Array | string): Promise<void> {
    await putObject(this.#bucket, key, typeof content === "string" ? Buffer.from(content) : content);
  }

  async get(key: string): Promise<Uint8Array | null> {
    try {
      return await readWhole(this.#bucket, key);
    } catch (error) {
      if (isRefusal(error, "BLOB_UNKNOWN")) return null;
      throw error;
    }
  }

  async stat(key: string): Promise<ObjectInfo | null> {
    if (!isStaged(key)) return statObject(this.#bucket, key);
    for await (const info of this.list(key)) return info;
    return null;
  }

  async remove(key: string): Promise<void> {
    if (!isStaged(key)) return removeObject(this.#bucket, key);
    const keys = await this.#keysOf(key);
    await inParallel(keys, removalsAtOnce, (chunk) => removeObject(this.#bucket, chunk));
  }

  async *list(prefix: string): AsyncIterable<ObjectInfo> {
    let upload: { key: string; keys: string[]; modifiedAt: number } | null = null;
    for await (const info of this.#listed(prefix)) {
      const key = isStaged(info.key) ? uploadKey(uploadOfKey(info.key)) : info.key;
      if (upload !== null && upload.key !== key) {
        yield summary(upload);
        upload = null;
      }
      if (key === info.key) {
        yield info;
        continue;
      }
      upload ??= { key, keys: [], modifiedAt: 0 };
      upload.keys.push(info.key);
      upload.modifiedAt = Math.max(upload.modifiedAt, info.modifiedAt);
    }
    if (upload !== null) yield summary(upload);
  }

  async body(key: string, start?: number, end?: number): Promise<Blob | ReadableStream<Uint8Array>> {
    const { length, pieces } = await openObject(this.#bucket, key, start, end);
    if (length > wholeUpTo) return toStream(pieces);
    return new Blob((await Array.fromAsync(pieces)) as Uint8Array<ArrayBuffer>[]);
  }

  async *read(key: string, start = 0, end = Number.POSITIVE_INFINITY): AsyncIterable<Uint8Array> {
    if (!isStaged(key)) {
      yield* (await openObject(this.#bucket, key, start, end)).pieces;
      return;
    }
    for (const chunk of chainOf(await this.#keysOf(key), end)) {
      const from = Math.max(0, start - chunk.start);
      const to = Math.min(chunk.length, end - chunk.start);
      if (from < to) yield* (await openObject(this.#bucket, chunk.key, from, to)).pieces;
    }
  }

  redirect(key: string, clientAddress: string): Promise<string> | null {
    return this.#redirects?.urlFor(key, clientAddress) ?? null;
  }

  async append(key: string, offset: number, writer: Writer): Promise<Appender> {
    const chain = offset === 0 ? [] : chainOf(await this.#keysOf(key), offset);
    const size = lengthOf(chain);
    if (size < offset) {
      throw new BreakwaterError(
        "BLOB_UPLOAD_INVALID",
        `The storage lost bytes of this upload: it holds ${size} of ${offset}. Begin the upload again.`,
      );
    }
    // All but the last chunk shall be full, or they could not become parts. So the last is filled up.
    const last = chain.at(-1);
    const full = last !== undefined && size === offset && last.length >= this.#bucket.options.chunkSize;
    if (last === undefined || full) return this.#appender(key, writer, offset, new Uint8Array());
    const tail = await readWhole(this.#bucket, last.key, 0, offset - last.start);
    return this.#appender(key, writer, last.start, tail);
  }

  #appender(key: string, writer: Writer, start: number, tail: Uint8Array): Appender {
    return new ChunkAppender(this.#bucket, this.#turns, key, writer, start, tail);
  }

  async move(from: string, to: string, size: number): Promise<void> {
    const chain = chainOf(await this.#keysOf(from), size);
    if (lengthOf(chain) < size) {
      throw new BreakwaterError(
        "BLOB_UPLOAD_INVALID",
        `The storage lost bytes of this upload: it holds ${lengthOf(chain)} of ${size}. Begin the upload again.`,
      );
    }
    const pieces = chain.map(({ key, start, length }) => ({
      key,
      length: Math.min(length, size - start),
      size: length,
    }));
    await this.#composer.compose(pieces, to, from);
    await this.remove(from);
  }

  async sweep(before: number): Promise<void> {
    await abortMultiparts(this.#bucket, before, isOurs);
  }

  /** Throws CONFIG_INVALID, saying which setting is wrong, or UNAVAILABLE. */
  async probe(): Promise<void> {
    const key = `breakwater/probe-${crypto.randomUUID()}`;
    try {
      await putObject(this.#bucket, key, Buffer.from("probe"), probePatience);
      for await (const _ of this.list(key)) break;
      await this.get(key);
      await this.remove(key);
    } catch (error) {
      throw misconfigured(error, this.#bucket.options);
    }
  }

  #keysOf(stagedKey: string): Promise<string[]> {
    return listKeys(this.#bucket, stagedKey).catch((error) => {
      throw unavailable(error);
    });
  }

  async *#listed(prefix: string): AsyncIterable<ObjectInfo> {
    try {
      yield* listObjects(this.#bucket, prefix);
    } catch (error) {
      throw unavailable(error);
    }
  }
}

function isStaged(key: string): boolean {
  return key.startsWith(`${uploadsPrefix}/`);
}

/** Docker Distribution's own uploads under way, beside ours in the same bucket, are not ours to end. */
function isOurs(key: string): boolean {
  return isStaged(key) || key.startsWith(`${blobsPrefix}/`);
}

function summary(upload: { key: string; keys: readonly string[]; modifiedAt: number }): ObjectInfo {
  const { key, keys, modifiedAt } = upload;
  return { key, size: lengthOf(chainOf(keys)), modifiedAt };
}

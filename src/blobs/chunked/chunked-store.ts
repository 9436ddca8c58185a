import { digestAlgorithm, digestOf, isRefusal, Lru } from "../../kernel/index.ts";
import { digestOfBlobKey, uploadKey, uploadOfKey, uploadsPrefix } from "../layout.ts";
import type { Appender, ObjectInfo, ObjectStore, Writer } from "../object-store.ts";
import { inParallel, Turns } from "../turns.ts";
import { ChunkAppender } from "./chunk-appender.ts";
import { chainOf, lengthOf } from "./chunks.ts";
import { openObject, readWhole, toStream } from "./download.ts";
import { chunksLost } from "./failures.ts";
import type { ObjectService } from "./object-service.ts";

/** Chunks on their way at once, of all uploads together: what they take of the memory has a bound. */
const chunksInFlight = 8;
/** Removals of one upload's chunks at once. */
const removalsAtOnce = 16;
/** Objects up to here are answered with their length; longer ones are passed on as they come. */
const wholeUpTo = 1024 * 1024;
/** Blobs up to here are remembered, so many bytes of them: each pull of an image asks for its configuration. */
const rememberedUpTo = 64 * 1024;
const remembered = 16 * 1024 * 1024;
/** Milliseconds: who asks for the state of things wants to know it now. */
const probePatience = 2_000;

/** Objects in a service that can neither append nor rename. How uploads lie there is in `chunks.ts`. */
export class ChunkedStore implements ObjectStore {
  readonly #service: ObjectService;
  readonly #turns = new Turns(chunksInFlight);
  readonly #small = new Lru<string, Uint8Array<ArrayBuffer>>(remembered, ({ length }) => length + 512);

  constructor(service: ObjectService) {
    this.#service = service;
  }

  async put(key: string, content: Uint8Array | string): Promise<void> {
    await this.#service.put(key, typeof content === "string" ? Buffer.from(content) : content);
  }

  async get(key: string): Promise<Uint8Array | null> {
    try {
      return await readWhole(this.#service.request, key);
    } catch (error) {
      if (isRefusal(error, "BLOB_UNKNOWN")) return null;
      throw error;
    }
  }

  async stat(key: string): Promise<ObjectInfo | null> {
    if (!isStaged(key)) return this.#service.stat(key);
    for await (const info of this.list(key)) return info;
    return null;
  }

  async remove(key: string, time?: number): Promise<void> {
    if (!isStaged(key)) return this.#service.remove(key, time);
    const keys = await this.#keysOf(key);
    await inParallel(keys, removalsAtOnce, (chunk) => this.#service.remove(chunk, time));
  }

  async *list(prefix: string): AsyncIterable<ObjectInfo> {
    let upload: { key: string; keys: string[]; modifiedAt: number } | null = null;
    for await (const info of this.#service.list(prefix)) {
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
    const known = this.#small.get(key);
    if (known !== undefined) return new Blob([known.subarray(start, end)]);
    const { length, pieces } = await openObject(this.#service.request, key, start, end);
    if (length > wholeUpTo) return toStream(pieces);
    const content = Buffer.concat(await Array.fromAsync(pieces));
    if (length <= rememberedUpTo && isWholeBlob(key, content)) this.#small.set(key, content);
    return new Blob([content]);
  }

  async *read(key: string, start = 0, end = Number.POSITIVE_INFINITY): AsyncIterable<Uint8Array> {
    if (!isStaged(key)) {
      yield* (await openObject(this.#service.request, key, start, end)).pieces;
      return;
    }
    for (const chunk of chainOf(await this.#keysOf(key), end)) {
      const from = Math.max(0, start - chunk.start);
      const to = Math.min(chunk.length, end - chunk.start);
      if (from < to) yield* (await openObject(this.#service.request, chunk.key, from, to)).pieces;
    }
  }

  redirect(key: string, clientAddress: string): Promise<string> | null {
    return this.#service.redirect(key, clientAddress);
  }

  async append(key: string, offset: number, writer: Writer): Promise<Appender> {
    const chain = offset === 0 ? [] : chainOf(await this.#keysOf(key), offset);
    const size = lengthOf(chain);
    if (size < offset) {
      throw chunksLost(size, offset);
    }
    // All but the last chunk shall be full, or they could not become parts. So the last is filled up; a writer that
    // was thought dead, with larger chunks than ours, may do so too, and then it has to be written again as it is.
    const last = chain.at(-1);
    const ended = size === offset && !writer.takenOver;
    const full = last !== undefined && ended && last.length >= this.#service.chunkSize;
    if (last === undefined || full) return this.#appender(key, writer, offset, new Uint8Array());
    const tail = await readWhole(this.#service.request, last.key, 0, offset - last.start);
    return this.#appender(key, writer, last.start, tail);
  }

  #appender(key: string, writer: Writer, start: number, tail: Uint8Array): Appender {
    return new ChunkAppender(this.#service, this.#turns, key, writer, start, tail);
  }

  async move(from: string, to: string, size: number): Promise<void> {
    const chain = chainOf(await this.#keysOf(from), size);
    if (lengthOf(chain) < size) {
      throw chunksLost(lengthOf(chain), size);
    }
    const pieces = chain.map(({ key, start, length }) => ({
      key,
      length: Math.min(length, size - start),
      size: length,
    }));
    await this.#service.compose(pieces, to, from);
    await this.remove(from);
  }

  /** What a service shows it keeps. */
  async settle(): Promise<void> {}

  sweep(before: number): Promise<void> {
    return this.#service.sweep(before);
  }

  /** Throws CONFIG_INVALID, saying which setting is wrong, or UNAVAILABLE. */
  async probe(): Promise<void> {
    const key = `breakwater/probe-${crypto.randomUUID()}`;
    try {
      await this.#service.put(key, Buffer.from("probe"), probePatience);
      for await (const _ of this.list(key)) break;
      await this.get(key);
      await this.remove(key);
    } catch (error) {
      throw this.#service.misconfigured(error);
    }
  }

  #keysOf(stagedKey: string): Promise<string[]> {
    return Array.fromAsync(this.#service.list(stagedKey), (info) => info.key);
  }
}

/** What a digest vouches for is the same for ever; damaged bytes are asked for again, since a push may mend them. */
function isWholeBlob(key: string, content: Uint8Array): boolean {
  const digest = digestOfBlobKey(key);
  return digest !== null && digestOf(content, digestAlgorithm(digest)) === digest;
}

function isStaged(key: string): boolean {
  return key.startsWith(`${uploadsPrefix}/`);
}

function summary(upload: { key: string; keys: readonly string[]; modifiedAt: number }): ObjectInfo {
  const { key, keys, modifiedAt } = upload;
  return { key, size: lengthOf(chainOf(keys)), modifiedAt };
}

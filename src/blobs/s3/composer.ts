import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  UploadPartCommand,
  UploadPartCopyCommand,
} from "@aws-sdk/client-s3";
import { BreakwaterError } from "../../kernel/index.ts";
import { copyLimitFor, expectGiven, limits } from "../chunked/attempts.ts";
import { readWhole } from "../chunked/download.ts";
import { expectSize } from "../chunked/failures.ts";
import type { Piece } from "../chunked/object-service.ts";
import { inParallel, Turns } from "../turns.ts";
import type { Bucket } from "./bucket.ts";
import { objectSettings } from "./client.ts";
import { isUnsupported, unavailable } from "./errors.ts";
import { copyObject, copySource, putObject, statObject } from "./objects.ts";
import { payload } from "./payload.ts";
import { requestsTo } from "./reader.ts";

/** Bytes `[from, to)` of an object, to become one part. */
interface Source {
  readonly key: string;
  readonly from: number;
  readonly to: number;
  readonly whole: boolean;
  readonly copyable: boolean;
}

/** The protocol's own limit. */
const mostParts = 10_000;
/** And what one part may hold. */
const mostBytes = 5 * 1024 ** 3;
/** Parts of a service that cannot copy go through this program: so many at once. */
const streamed = 2;

/**
 * Makes one object out of several, on the server: each becomes a part of a multipart upload. More pieces than an
 * upload may have parts are first put together in groups. All but the last piece need 5 MiB, which chunks have.
 *
 * Where the service cannot copy parts (Google's, by its XML API), the pieces go through this program one by one;
 * then a blob can have as many chunks as an upload parts.
 */
export class Composer {
  readonly #bucket: Bucket;
  readonly #mostParts: number;
  readonly #streams = new Turns(streamed);
  #canCopy = true;

  constructor(bucket: Bucket, options: { readonly mostParts?: number } = {}) {
    this.#bucket = bucket;
    this.#mostParts = options.mostParts ?? mostParts;
  }

  /** `scratch` is the folder for groups; whoever calls removes it. */
  async compose(pieces: readonly Piece[], target: string, scratch: string): Promise<void> {
    const [first] = pieces;
    if (first === undefined) return putObject(this.#bucket, target, new Uint8Array());
    if (pieces.length === 1 && first.length === first.size && first.size <= mostBytes) {
      await copyObject(this.#bucket, first.key, target, first.size);
    } else {
      await this.#multipart((await this.#grouped(pieces, scratch)).flatMap(sourcesOf), target);
    }
    const size = pieces.reduce((sum, piece) => sum + piece.length, 0);
    expectSize((await statObject(this.#bucket, target))?.size, size);
  }

  async #grouped(pieces: readonly Piece[], scratch: string): Promise<readonly Piece[]> {
    if (pieces.length <= this.#mostParts) return pieces;
    const groups: Piece[] = [];
    for (let from = 0; from < pieces.length; from += this.#mostParts) {
      const members = pieces.slice(from, from + this.#mostParts);
      const length = members.reduce((sum, piece) => sum + piece.length, 0);
      const key = `${scratch}/group-${groups.length}`;
      await this.compose(members, key, key);
      groups.push({ key, length, size: length });
    }
    return groups;
  }

  async #multipart(sources: readonly Source[], target: string): Promise<void> {
    const { client, options } = this.#bucket;
    const object = this.#bucket.object(target);
    const begin = { ...object, ...objectSettings(options) };
    const UploadId = await this.#ask(async (signal) => {
      const { UploadId } = await client.send(new CreateMultipartUploadCommand(begin), signal);
      return expectGiven(UploadId);
    });
    try {
      const Parts = await inParallel(sources, options.copyConcurrency, async (source, index) => {
        const part = { ...object, UploadId, PartNumber: index + 1 };
        return { PartNumber: part.PartNumber, ETag: await this.#part(source, part) };
      });
      const input = { ...object, UploadId, MultipartUpload: { Parts } };
      const size = sources.reduce((sum, { from, to }) => sum + to - from, 0);
      await this.#ask(async (signal) => {
        const { ETag } = await client.send(new CompleteMultipartUploadCommand(input), signal);
        return expectGiven(ETag);
      }, copyLimitFor(size)).catch((error) => {
        // Asked twice, since the first answer was lost: it is complete, which the size will show.
        if ((error.cause as Error | undefined)?.name !== "NoSuchUpload") throw error;
      });
    } catch (error) {
      // Should this fail too, `S3Service.sweep` finds it.
      await this.#ask((signal) =>
        client.send(new AbortMultipartUploadCommand({ ...object, UploadId }), signal),
      ).catch(() => {});
      throw error;
    }
  }

  async #part(source: Source, part: PartName): Promise<string> {
    if (this.#canCopy && source.copyable) {
      const etag = await this.#copyPart(source, part);
      if (etag !== undefined) return etag;
      this.#canCopy = false;
    }
    return this.#streams.run(() => this.#streamPart(source, part));
  }

  /** Undefined where the service cannot, be it that it says so or that it takes the empty body for the part. */
  async #copyPart({ key, from, to, whole }: Source, part: PartName): Promise<string | undefined> {
    const input = {
      ...part,
      CopySource: copySource(this.#bucket, key),
      ...(whole ? {} : { CopySourceRange: `bytes=${from}-${to - 1}` }),
    };
    try {
      const { CopyPartResult } = await this.#bucket.attempt(
        (signal) => this.#bucket.client.send(new UploadPartCopyCommand(input), signal),
        copyLimitFor(to - from),
      );
      return CopyPartResult?.ETag;
    } catch (error) {
      if (isUnsupported(error)) return undefined;
      throw unavailable(error);
    }
  }

  async #streamPart({ key, from, to }: Source, part: PartName): Promise<string> {
    if (to - from > 8 * this.#bucket.options.chunkSize) {
      throw new BreakwaterError(
        "SIZE_INVALID",
        `The registry's storage cannot copy parts, so that a blob may have ${this.#mostParts} chunks of ${this.#bucket.options.chunkSize} bytes. Raise storage_service.s3.chunksize, then push again.`,
      );
    }
    const content = await readWhole(requestsTo(this.#bucket), key, from, to);
    return this.#ask(async (signal) => {
      const { ETag } = await this.#bucket.client.send(
        new UploadPartCommand({ ...part, ...payload(content) }),
        signal,
      );
      return expectGiven(ETag);
    }, limits.part);
  }

  #ask<T>(work: (signal: { abortSignal: AbortSignal }) => Promise<T>, limit?: number): Promise<T> {
    return this.#bucket.attempt(work, limit).catch((error) => {
      throw unavailable(error);
    });
  }
}

interface PartName {
  readonly Bucket: string;
  readonly Key: string;
  readonly UploadId: string;
  readonly PartNumber: number;
}

/** One part where it fits, else even ones: a remainder could be too small for a part. */
function sourcesOf({ key, length, size }: Piece): Source[] {
  const count = Math.ceil(length / mostBytes);
  const step = Math.ceil(length / count);
  return Array.from({ length: count }, (_, index) => ({
    key,
    from: index * step,
    to: Math.min(length, (index + 1) * step),
    whole: count === 1 && length === size,
    // A range of a small object the service refuses.
    copyable: count > 1 || length === size,
  }));
}

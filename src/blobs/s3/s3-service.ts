import type { BreakwaterError } from "../../kernel/index.ts";
import type { ObjectService, Piece, RequestRange } from "../chunked/object-service.ts";
import { blobsPrefix, uploadsPrefix } from "../layout.ts";
import type { ObjectInfo } from "../object-store.ts";
import { Bucket } from "./bucket.ts";
import { Composer } from "./composer.ts";
import { misconfigured } from "./errors.ts";
import { listObjects } from "./lists.ts";
import { abortMultiparts } from "./multiparts.ts";
import { putObject, removeObject, statObject } from "./objects.ts";
import type { S3Options } from "./options.ts";
import { requestsTo } from "./reader.ts";
import { Redirects } from "./redirects.ts";

/**
 * A bucket of Amazon's S3 or of whatever speaks its protocol. A write has happened when the service has answered
 * 200. Reads and lists must show what was written before, as Amazon's do since December 2020, and those of MinIO,
 * Ceph and Google too. How an upload becomes a blob is in `composer.ts`.
 */
export class S3Service implements ObjectService {
  readonly chunkSize: number;
  readonly request: RequestRange;
  readonly #bucket: Bucket;
  readonly #composer: Composer;
  readonly #redirects: Redirects | null;

  constructor(options: S3Options) {
    this.chunkSize = options.chunkSize;
    this.#bucket = new Bucket(options);
    this.request = requestsTo(this.#bucket);
    this.#composer = new Composer(this.#bucket);
    this.#redirects = options.redirect === null ? null : new Redirects(this.#bucket, options.redirect);
  }

  put(key: string, content: Uint8Array, patience?: number): Promise<void> {
    return putObject(this.#bucket, key, content, patience);
  }

  stat(key: string): Promise<ObjectInfo | null> {
    return statObject(this.#bucket, key);
  }

  remove(key: string, time?: number): Promise<void> {
    return removeObject(this.#bucket, key, time);
  }

  list(folder: string): AsyncIterable<ObjectInfo> {
    return listObjects(this.#bucket, folder);
  }

  compose(pieces: readonly Piece[], target: string, scratch: string): Promise<void> {
    return this.#composer.compose(pieces, target, scratch);
  }

  redirect(key: string, clientAddress: string): Promise<string> | null {
    return this.#redirects?.urlFor(key, clientAddress) ?? null;
  }

  sweep(before: number): Promise<void> {
    return abortMultiparts(this.#bucket, before, isOurs);
  }

  misconfigured(error: unknown): BreakwaterError {
    return misconfigured(error, this.#bucket.options);
  }
}

/** Docker Distribution's own uploads under way, beside ours in the same bucket, are not ours to end. */
function isOurs(key: string): boolean {
  return key.startsWith(`${uploadsPrefix}/`) || key.startsWith(`${blobsPrefix}/`);
}

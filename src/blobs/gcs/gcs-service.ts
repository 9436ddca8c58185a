import type { BreakwaterError } from "../../kernel/index.ts";
import type { ObjectService, Part, Piece } from "../chunked/object-service.ts";
import { RedirectRule } from "../chunked/redirect-rule.ts";
import type { ObjectInfo } from "../object-store.ts";
import { Bucket } from "./bucket.ts";
import { compose } from "./composer.ts";
import { misconfigured, unavailable } from "./errors.ts";
import type { Identity } from "./identity.ts";
import { listObjects, putObject, removeObject, requestObject, statObject } from "./objects.ts";
import type { GcsOptions } from "./options.ts";
import { signedUrl } from "./signed-url.ts";
import { until } from "./until.ts";

/** A bucket of Google Cloud Storage. Writes are acknowledged, and seen by reads and lists, when it has answered. */
export class GcsService implements ObjectService {
  readonly chunkSize: number;
  readonly #bucket: Bucket;
  readonly #identity: Identity;
  readonly #rule: RedirectRule | null;

  constructor(options: GcsOptions, identity: Identity) {
    this.chunkSize = options.chunkSize;
    this.#bucket = new Bucket(options, identity);
    this.#identity = identity;
    this.#rule = options.redirect === null ? null : new RedirectRule(options.redirect);
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

  readonly request = (key: string, start: number, end: number): Promise<Part | null> =>
    requestObject(this.#bucket, key, start, end);

  compose(pieces: readonly Piece[], target: string, scratch: string): Promise<void> {
    return compose(this.#bucket, pieces, target, scratch);
  }

  redirect(key: string, clientAddress: string): Promise<string> | null {
    const { redirect, endpoint, bucket } = this.#bucket.options;
    if (redirect === null || this.#rule?.concerns(clientAddress) !== true) return null;
    const object = { bucket, name: this.#bucket.name(key) };
    // Where Google signs, it has to be asked.
    return this.#bucket.attempts
      .run(({ abortSignal }) =>
        until(
          abortSignal,
          signedUrl(this.#identity, redirect.endpoint ?? endpoint, object, redirect.lifetime),
        ),
      )
      .catch((error) => {
        throw unavailable(error);
      });
  }

  /** Uploads and compositions happen or do not: nothing is left that no list shows. */
  async sweep(): Promise<void> {}

  misconfigured(error: unknown): BreakwaterError {
    return misconfigured(error, this.#bucket.options);
  }
}

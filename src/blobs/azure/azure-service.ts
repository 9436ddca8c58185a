import type { BreakwaterError } from "../../kernel/index.ts";
import type { ObjectService, Part, Piece } from "../chunked/object-service.ts";
import { RedirectRule } from "../chunked/redirect-rule.ts";
import type { ObjectInfo } from "../object-store.ts";
import { Composer } from "./composer.ts";
import { Container } from "./container.ts";
import { misconfigured } from "./errors.ts";
import { listBlobs, putBlob, removeBlob, requestBlob, statBlob } from "./objects.ts";
import type { AzureOptions } from "./options.ts";

/**
 * A container of Azure Blob Storage, in block blobs. Whoever adopts one of Docker Distribution's finds append blobs
 * in it too, which are read like others. Writes are acknowledged, and seen by all, when the service has answered.
 */
export class AzureService implements ObjectService {
  readonly chunkSize: number;
  readonly #container: Container;
  readonly #composer: Composer;
  readonly #rule: RedirectRule | null;

  constructor(options: AzureOptions) {
    this.chunkSize = options.chunkSize;
    this.#container = new Container(options);
    this.#composer = new Composer(this.#container);
    this.#rule = options.redirect === null ? null : new RedirectRule(options.redirect);
  }

  put(key: string, content: Uint8Array, patience?: number): Promise<void> {
    return putBlob(this.#container, key, content, patience);
  }

  stat(key: string): Promise<ObjectInfo | null> {
    return statBlob(this.#container, key);
  }

  remove(key: string, time?: number): Promise<void> {
    return removeBlob(this.#container, key, time);
  }

  list(folder: string): AsyncIterable<ObjectInfo> {
    return listBlobs(this.#container, folder);
  }

  readonly request = (key: string, start: number, end: number): Promise<Part | null> =>
    requestBlob(this.#container, key, start, end);

  compose(pieces: readonly Piece[], target: string): Promise<void> {
    return this.#composer.compose(pieces, target);
  }

  redirect(key: string, clientAddress: string): Promise<string> | null {
    const { redirect, endpoint } = this.#container.options;
    if (redirect === null || this.#rule?.concerns(clientAddress) !== true) return null;
    const signed = this.#container.signedUrl(key, redirect.lifetime);
    // The signature is of the container and the blob, not of the host.
    return signed.then((url) =>
      redirect.endpoint === null ? url : url.replace(new URL(endpoint).origin, redirect.endpoint),
    );
  }

  /** Blocks that became part of no blob the service throws away by itself, after a week. */
  async sweep(): Promise<void> {}

  misconfigured(error: unknown): BreakwaterError {
    return misconfigured(error, this.#container.options);
  }
}

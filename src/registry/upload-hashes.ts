import type { ObjectStore } from "../blobs/index.ts";
import { BreakwaterError, type DigestAlgorithm, Lru } from "../kernel/index.ts";

/** The hash of the first `offset` bytes of an upload. */
export interface RunningHash {
  readonly algorithm: DigestAlgorithm;
  readonly hasher: Bun.CryptoHasher;
  offset: number;
}

/** Uploads whose state is kept between their requests; those of idle ones are worked out anew. */
const remembered = 4096;

/**
 * The running hash of each upload, so that its bytes are hashed once, while they stream. What is kept here is
 * only a short cut: after a restart, or in another process, the staged bytes are read back instead.
 *
 * A request works on a copy, and what it has hashed is remembered only when the offset that it came to is
 * recorded. Else another process could take other bytes at the same offset, and this one would not notice.
 */
export class UploadHashes {
  readonly #objects: ObjectStore;
  readonly #running = new Lru<string, RunningHash>(remembered);

  constructor(objects: ObjectStore) {
    this.#objects = objects;
  }

  /** The state after the first `offset` bytes of the staged object, for going on with. */
  async resume(key: string, offset: number, algorithm?: DigestAlgorithm): Promise<RunningHash> {
    const known = this.#running.get(key);
    const wanted = algorithm ?? known?.algorithm ?? "sha256";
    if (known?.offset === offset && known.algorithm === wanted) {
      return { ...known, hasher: known.hasher.copy() };
    }
    const running: RunningHash = { algorithm: wanted, hasher: new Bun.CryptoHasher(wanted), offset: 0 };
    if (offset > 0) await this.#readBack(key, offset, running);
    return running;
  }

  async #readBack(key: string, offset: number, running: RunningHash): Promise<void> {
    const size = (await this.#objects.stat(key))?.size ?? 0;
    if (size < offset) {
      throw new BreakwaterError(
        "BLOB_UPLOAD_INVALID",
        `The storage holds ${size} of this upload's ${offset} bytes. Begin the upload again.`,
      );
    }
    for await (const chunk of this.#objects.read(key, 0, offset)) {
      running.hasher.update(chunk);
      running.offset += chunk.length;
    }
  }

  /** Keeps the state of an upload whose offset, the hash's own, is recorded. */
  remember(key: string, running: RunningHash): void {
    this.#running.set(key, running);
  }

  forget(key: string): void {
    this.#running.delete(key);
  }
}

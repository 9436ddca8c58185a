import type { ObjectStore } from "../blobs/index.ts";
import { type Digest, type DigestAlgorithm, Lru } from "../kernel/index.ts";

interface Running {
  readonly algorithm: DigestAlgorithm;
  readonly hasher: Bun.CryptoHasher;
  /** Bytes it has seen. */
  offset: number;
}

/** Uploads whose state is kept between their requests; those of idle ones are worked out anew. */
const remembered = 4096;

/**
 * The running hash of each upload, so that its bytes are hashed once, while they stream. What is kept here is
 * only a short cut: after a restart, or in another process, the staged bytes are read back instead.
 */
export class UploadHashes {
  readonly #objects: ObjectStore;
  readonly #running = new Lru<string, Running>(remembered);

  constructor(objects: ObjectStore) {
    this.#objects = objects;
  }

  /** The state after the first `offset` bytes of the staged object, for going on with. */
  async resume(key: string, offset: number, algorithm?: DigestAlgorithm): Promise<Running> {
    const known = this.#running.get(key);
    if (known?.offset === offset && (algorithm ?? known.algorithm) === known.algorithm) return known;
    const running: Running = {
      algorithm: algorithm ?? known?.algorithm ?? "sha256",
      hasher: new Bun.CryptoHasher(algorithm ?? known?.algorithm ?? "sha256"),
      offset: 0,
    };
    if (offset > 0) {
      for await (const chunk of this.#objects.body(key, 0, offset).stream()) {
        running.hasher.update(chunk);
        running.offset += chunk.length;
      }
    }
    this.#running.set(key, running);
    return running;
  }

  /** The digest of the whole staged object, by the algorithm that the client's digest uses. */
  async digest(key: string, size: number, algorithm: DigestAlgorithm): Promise<Digest> {
    const running = await this.resume(key, size, algorithm);
    this.forget(key);
    return `${algorithm}:${running.hasher.digest("hex")}` as Digest;
  }

  forget(key: string): void {
    this.#running.delete(key);
  }
}

import { blobKey, type ObjectStore } from "../blobs/index.ts";
import type { Database, Tx } from "../db/index.ts";
import { type Clock, type Digest, digestAlgorithm, digestHex, minute } from "../kernel/index.ts";
import { type BlobRef, linkBlob, type RepositoryRef } from "./links.ts";
import { collectedMeanwhile } from "./refusals.ts";

/** How long the collector keeps away from a blob whose bytes are being put in place. */
const claimTerm = 15 * minute;

/**
 * Brings bytes into the blob store so that the collector cannot take them away before they are linked: first
 * the blob's row is claimed, then its bytes are put in place, and whoever called has it linked in the same
 * transaction as the rest of what it does.
 *
 * The bytes are put there even when a file is there already: that one may be damaged, or so new that another
 * process has not yet made its name durable.
 */
export class BlobIntake {
  readonly #database: Database;
  readonly #objects: ObjectStore;
  readonly #clock: Clock;

  constructor(database: Database, objects: ObjectStore, clock: Clock) {
    this.#database = database;
    this.#objects = objects;
    this.#clock = clock;
  }

  /**
   * A staged object becomes the blob `digest`, whose content it must be. `confirm` throws when another has taken
   * the staged object over; it has a say last, for waiting for the claim may take long.
   */
  async take(
    stagedKey: string,
    digest: Digest,
    size: number,
    confirm: (tx: Tx) => Promise<void>,
  ): Promise<BlobRef> {
    const blob = await this.#claim(digest, size, confirm);
    await this.#objects.move(stagedKey, blobKey(digest), size);
    return blob;
  }

  /**
   * The blob that `take` was making for a request that died; null where its bytes did not get to their place. They
   * are read to tell, since whoever died may not have been the last to write there.
   */
  async retake(digest: Digest, size: number, confirm: (tx: Tx) => Promise<void>): Promise<BlobRef | null> {
    const blob = await this.#claim(digest, size, confirm);
    const key = blobKey(digest);
    if ((await this.#objects.stat(key))?.size !== size) return null;
    const hasher = new Bun.CryptoHasher(digestAlgorithm(digest));
    for await (const chunk of this.#objects.read(key)) hasher.update(chunk);
    if (hasher.digest("hex") !== digestHex(digest)) return null;
    await this.#objects.settle(key);
    return blob;
  }

  /** Bytes in memory become the blob `digest`, whose content they must be. */
  async put(digest: Digest, content: Uint8Array): Promise<BlobRef> {
    const blob = await this.#claim(digest, content.length);
    await this.#objects.put(blobKey(digest), content);
    return blob;
  }

  /**
   * Makes the blob visible in the repository. Throws what `linkBlob` throws, and UNAVAILABLE when its bytes are gone:
   * another push of the same content ends the claim of both, and a collector that removes bytes after that may fail
   * to remove the row. They are looked for once this transaction has the row's lock, which a collector would hold.
   */
  async link(tx: Tx, repository: RepositoryRef, digest: Digest, blob: BlobRef): Promise<void> {
    await linkBlob(tx, repository, blob, this.#clock());
    const stored = await this.#objects.stat(blobKey(digest));
    if (stored?.size !== blob.size) throw collectedMeanwhile();
  }

  /** Waits while the collector is deleting the very blob: it holds the row's lock. */
  #claim(digest: Digest, size: number, confirm?: (tx: Tx) => Promise<void>): Promise<BlobRef> {
    return this.#database.write(async (tx) => {
      await confirm?.(tx);
      const now = this.#clock();
      const claimed_until = now + claimTerm;
      return (
        tx
          .insertInto("blob")
          .values({ digest, size, state: "live", links: 0, orphaned_at: now, claimed_until, created_at: now })
          // What is lost stays so until it is linked: it is back only when its bytes are.
          .onConflict((conflict) => conflict.column("digest").doUpdateSet({ size, claimed_until }))
          .returning(["id", "size"])
          .executeTakeFirstOrThrow()
      );
    });
  }
}

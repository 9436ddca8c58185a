import { blobKey, type ObjectStore } from "../blobs/index.ts";
import type { Database } from "../db/index.ts";
import { BreakwaterError, type Clock, type Digest, minute } from "../kernel/index.ts";
import type { BlobRef } from "./links.ts";

/** How long the collector keeps away from a blob whose bytes are being put in place. */
const claimTerm = 15 * minute;
/** How long an upload waits for the collector to finish with the very blob that it brings. */
const patience = 30 * 1000;

/**
 * Brings bytes into the blob store so that the collector cannot take them away before they are linked: first
 * the blob's row is claimed, then its bytes are put in place, and whoever called links it in the same
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

  /** A staged object becomes the blob `digest`, whose content it must be. */
  async take(stagedKey: string, digest: Digest, size: number): Promise<BlobRef> {
    const blob = await this.#claim(digest, size);
    await this.#objects.move(stagedKey, blobKey(digest), size);
    return blob;
  }

  /** Bytes in memory become the blob `digest`, whose content they must be. */
  async put(digest: Digest, content: Uint8Array): Promise<BlobRef> {
    const blob = await this.#claim(digest, content.length);
    await this.#objects.put(blobKey(digest), content);
    return blob;
  }

  async #claim(digest: Digest, size: number): Promise<BlobRef> {
    const deadline = Date.now() + patience;
    for (;;) {
      const blob = await this.#tryClaim(digest, size);
      if (blob !== null) return blob;
      if (Date.now() > deadline) {
        throw new BreakwaterError(
          "UNAVAILABLE",
          `The blob ${digest} is being collected as garbage; push it again in a minute.`,
        );
      }
      await Bun.sleep(50);
    }
  }

  /** Null while the collector is removing the blob's bytes. */
  #tryClaim(digest: Digest, size: number): Promise<BlobRef | null> {
    return this.#database.write(async (tx) => {
      const now = this.#clock();
      const claim = { claimed_until: now + claimTerm };
      const known = await tx
        .selectFrom("blob")
        .select(["id", "state", "claimed_until"])
        .where("digest", "=", digest)
        .executeTakeFirst();
      if (known === undefined) {
        return tx
          .insertInto("blob")
          .values({ digest, size, state: "live", links: 0, orphaned_at: now, created_at: now, ...claim })
          .returning(["id", "size"])
          .executeTakeFirstOrThrow();
      }
      // A collector that died at it has lost its right when its claim runs out.
      if (known.state === "deleting" && (known.claimed_until ?? 0) > now) return null;
      await tx
        .updateTable("blob")
        // What is lost is back only when its bytes are.
        .set({ state: known.state === "lost" ? "lost" : "live", size, ...claim })
        .where("id", "=", known.id)
        .execute();
      return { id: known.id, size };
    });
  }
}

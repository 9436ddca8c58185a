import { blobKey, type ObjectStore } from "../../blobs/index.ts";
import type { Database } from "../../db/index.ts";
import type { Clock, Digest } from "../../kernel/index.ts";
import type { LayerInspector } from "./options.ts";

/** A layer of an image, as far as there is an inventory of it. */
export interface KnownLayer {
  readonly digest: Digest;
  /** Why it could not be read; null when it was. */
  readonly failure: string | null;
  /** As the inspector wrote it; null when it could not be read. */
  readonly content: Uint8Array | null;
}

const elsewhere =
  "It does not lie in this registry but where its descriptor says, so that it cannot be read.";

/** What is inside layers, read once for all images that have them. */
export class Layers {
  readonly #database: Database;
  readonly #objects: Pick<ObjectStore, "read">;
  readonly #clock: Clock;
  readonly #inspector: LayerInspector;

  constructor(
    database: Database,
    objects: Pick<ObjectStore, "read">,
    clock: Clock,
    inspector: LayerInspector,
  ) {
    this.#database = database;
    this.#objects = objects;
    this.#clock = clock;
    this.#inspector = inspector;
  }

  /**
   * What each of these is known to hold, in their order; those that nobody has read yet are read. A layer that is not
   * what it should be is one with a failure; a storage that does not answer throws.
   */
  async of(digests: readonly Digest[], signal: AbortSignal): Promise<readonly KnownLayer[]> {
    const known = await this.#known(digests);
    for (const digest of new Set(digests)) {
      if (known.get(digest)?.layer === null) {
        signal.throwIfAborted();
        const { blobId } = known.get(digest) ?? {};
        if (blobId !== undefined)
          known.set(digest, { blobId, layer: await this.#read(blobId, digest, signal) });
      }
    }
    return digests.map((digest) => known.get(digest)?.layer ?? { digest, failure: elsewhere, content: null });
  }

  async #known(digests: readonly Digest[]) {
    const rows = await this.#database.read
      .selectFrom("blob")
      .leftJoin("layer_inventory", "layer_inventory.blob_id", "blob.id")
      .select(["blob.id", "blob.digest", "layer_inventory.reader", "failure", "content"])
      .where("blob.digest", "in", digests)
      .execute();
    return new Map(
      rows.map(({ id, digest, reader, failure, content }) => {
        const layer: KnownLayer | null =
          reader === this.#inspector.version ? { digest: digest as Digest, failure, content } : null;
        return [digest as Digest, { blobId: id, layer }];
      }),
    );
  }

  async #read(blobId: number, digest: Digest, signal: AbortSignal): Promise<KnownLayer> {
    const result = await this.#inspector.inspect(this.#objects.read(blobKey(digest)), signal);
    const row = {
      reader: this.#inspector.version,
      failure: "failure" in result ? result.failure : null,
      content: "failure" in result ? null : result.content,
      read_at: this.#clock(),
    };
    await this.#database.write((tx) =>
      tx
        .insertInto("layer_inventory")
        .columns(["blob_id", "reader", "failure", "content", "read_at"])
        .values({ blob_id: blobId, ...row })
        .onConflict((conflict) => conflict.column("blob_id").doUpdateSet(row))
        .execute(),
    );
    return { digest, failure: row.failure, content: row.content };
  }
}

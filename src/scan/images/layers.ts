import { blobKey, type ObjectStore } from "../../blobs/index.ts";
import type { Database } from "../../db/index.ts";
import { BreakwaterError, type Clock, type Digest } from "../../kernel/index.ts";
import { decodeLayerInventory, type ImageLayer, inspectLayer, readerVersion } from "../inventory/index.ts";

const elsewhere =
  "It does not lie in this registry but where its descriptor says, so that it cannot be read.";
const unreadableAnswer = "What was read of it is of another version of this program.";

/** What is inside layers, read once for all images that have them. */
export class Layers {
  readonly #database: Database;
  readonly #objects: Pick<ObjectStore, "stat" | "body">;
  readonly #clock: Clock;

  constructor(database: Database, objects: Pick<ObjectStore, "stat" | "body">, clock: Clock) {
    this.#database = database;
    this.#objects = objects;
    this.#clock = clock;
  }

  /**
   * What each of these is known to hold, in their order; those that nobody has read yet are read. A layer that is not
   * what it should be is one with a failure; a storage that does not answer throws.
   */
  async of(digests: readonly Digest[], signal: AbortSignal): Promise<readonly ImageLayer[]> {
    const known = new Map<Digest, ImageLayer>();
    for (const { id, digest, layer } of await this.#stored(digests)) {
      signal.throwIfAborted();
      known.set(digest, layer ?? (await this.#read(id, digest, signal)));
    }
    return digests.map((digest) => known.get(digest) ?? { digest, failure: elsewhere });
  }

  /** The layers that lie in the registry, each with what is known of it by this version of the reader. */
  async #stored(digests: readonly Digest[]) {
    const rows = await this.#database.read
      .selectFrom("blob")
      .leftJoin("layer_inventory", "layer_inventory.blob_id", "blob.id")
      .select(["blob.id", "blob.digest", "reader", "failure", "content"])
      .where("blob.digest", "in", digests)
      .execute();
    return rows.map(({ id, digest, reader, failure, content }) => {
      const current = reader === readerVersion;
      return {
        id,
        digest: digest as Digest,
        layer: current ? toLayer(digest as Digest, failure, content) : null,
      };
    });
  }

  async #read(blobId: number, digest: Digest, signal: AbortSignal): Promise<ImageLayer> {
    const key = blobKey(digest);
    if ((await this.#objects.stat(key)) === null) {
      throw new BreakwaterError("BLOB_UNKNOWN", `The storage does not have the layer ${digest}.`);
    }
    const result = await inspectLayer(() => this.#objects.body(key), { signal });
    const row = {
      reader: readerVersion,
      failure: "failure" in result ? result.failure : null,
      content: "failure" in result ? null : result.inventory,
      read_at: this.#clock(),
    };
    await this.#database.write((tx) =>
      tx
        .insertInto("layer_inventory")
        .values({ blob_id: blobId, ...row })
        .onConflict((conflict) => conflict.column("blob_id").doUpdateSet(row))
        .execute(),
    );
    return toLayer(digest, row.failure, row.content) ?? { digest, failure: unreadableAnswer };
  }
}

function toLayer(digest: Digest, failure: string | null, content: Uint8Array | null): ImageLayer | null {
  if (failure !== null) return { digest, failure };
  const inventory = content === null ? null : decodeLayerInventory(content);
  return inventory === null ? null : { digest, inventory };
}

import { mkdir } from "node:fs/promises";
import { blobKey } from "../../blobs/index.ts";
import { BreakwaterError, type Digest, day, hour, minute } from "../../kernel/index.ts";
import {
  decodeLayerInventory,
  type ImageLayer,
  type InspectedLayer,
  inspectLayer,
  readerVersion,
} from "../inventory/index.ts";
import type { ImagesOptions } from "./options.ts";

const elsewhere =
  "It does not lie in this repository but where its descriptor says, so that it cannot be read.";
const unreadableAnswer = "What was read of it is of another version of this program.";

/** As many as Linux lays over one another: an image with more runs nowhere. */
const maxLayers = 500;
const tooMany = `It is one of more than ${maxLayers} layers, which are not read.`;

/** What reading the layers of one image may take at once, so that others have their turn. */
const maxReading = hour;
const putOff: InspectedLayer = {
  failure: "The image's other layers took so long to read that this one was put off.",
  mayPass: true,
};

/** In place of a reader's version, where a layer was not read for reasons that may pass. */
const noReader = 0;
const shortestPause = 10 * minute;
const longestPause = 7 * day;

export interface LayersOptions extends Pick<ImagesOptions, "database" | "clock" | "temporaryFolder"> {
  readonly objects: Pick<ImagesOptions["objects"], "stat" | "body">;
}

/** What is inside layers, read once for all images that have them. */
export class Layers {
  readonly #options: LayersOptions;

  constructor(options: LayersOptions) {
    this.#options = options;
  }

  /**
   * What each of these is known to hold, in their order; those that nobody has read yet are read. A layer that is not
   * what it should be is one with a failure; a storage that does not answer throws. Who names a digest as lying
   * elsewhere has no right to what is behind it: only what the repository holds is looked at.
   */
  async of(
    repositoryId: number,
    digests: readonly Digest[],
    signal: AbortSignal,
  ): Promise<readonly ImageLayer[]> {
    const { clock } = this.#options;
    const started = clock();
    const known = new Map<Digest, ImageLayer>();
    for (const { id, digest, layer } of await this.#stored(repositoryId, digests.slice(0, maxLayers))) {
      signal.throwIfAborted();
      if (layer !== null) known.set(digest, layer);
      else if (clock() - started > maxReading) known.set(digest, await this.#store(id, digest, putOff));
      else known.set(digest, await this.#store(id, digest, await this.#read(digest, signal)));
    }
    return digests.map((digest, index) => {
      const failure = index < maxLayers ? elsewhere : tooMany;
      return known.get(digest) ?? { digest, failure };
    });
  }

  /** The images with layers that were not read for reasons that may have passed. */
  async imagesToRetry(): Promise<readonly number[]> {
    const rows = await this.#options.database.read
      .selectFrom("layer_inventory")
      .innerJoin("blob", "blob.id", "layer_inventory.blob_id")
      .innerJoin("manifest_blob", "manifest_blob.blob_id", "blob.id")
      .innerJoin("image_scan", "image_scan.manifest_id", "manifest_blob.manifest_id")
      .select(["image_scan.manifest_id", "reader", "read_at", "created_at"])
      .where("reader", "=", noReader)
      .where("image_scan.state", "=", "done")
      .execute();
    return [...new Set(rows.filter((row) => !this.#isPaused(row)).map(({ manifest_id }) => manifest_id))];
  }

  /** The layers that lie in the repository, each with what is known of it by this version of the reader. */
  async #stored(repositoryId: number, digests: readonly Digest[]) {
    const rows = await this.#options.database.read
      .selectFrom("blob")
      .innerJoin("repository_blob", "repository_blob.blob_id", "blob.id")
      .leftJoin("layer_inventory", "layer_inventory.blob_id", "blob.id")
      .select(["blob.id", "blob.digest", "blob.created_at", "reader", "failure", "content", "read_at"])
      .where("repository_blob.repository_id", "=", repositoryId)
      .where("blob.digest", "in", digests)
      .execute();
    return rows.map(({ id, ...row }) => {
      const digest = row.digest as Digest;
      const stands = row.reader === readerVersion || this.#isPaused(row);
      return { id, digest, layer: stands ? toLayer(digest, row) : null };
    });
  }

  /** Whether a layer is to be left alone for now: each time as long again as it has been there. */
  #isPaused(row: {
    readonly reader: number | null;
    readonly read_at: number | null;
    readonly created_at: number;
  }): boolean {
    if (row.reader !== noReader || row.read_at === null) return false;
    const pause = Math.min(longestPause, Math.max(shortestPause, row.read_at - row.created_at));
    return this.#options.clock() < row.read_at + pause;
  }

  async #read(digest: Digest, signal: AbortSignal): Promise<InspectedLayer> {
    const { objects, temporaryFolder } = this.#options;
    const key = blobKey(digest);
    if ((await objects.stat(key)) === null) {
      throw new BreakwaterError("BLOB_UNKNOWN", `The storage does not have the layer ${digest}.`);
    }
    await mkdir(temporaryFolder, { recursive: true });
    return inspectLayer(() => objects.body(key), { signal, temporaryFolder });
  }

  async #store(blobId: number, digest: Digest, result: InspectedLayer): Promise<ImageLayer> {
    const { database, clock } = this.#options;
    const row = {
      reader: "failure" in result && result.mayPass ? noReader : readerVersion,
      failure: "failure" in result ? result.failure : null,
      content: "failure" in result ? null : result.inventory,
      read_at: clock(),
    };
    await database.write((tx) =>
      tx
        .insertInto("layer_inventory")
        .values({ blob_id: blobId, ...row })
        .onConflict((conflict) => conflict.column("blob_id").doUpdateSet(row))
        .execute(),
    );
    return toLayer(digest, row) ?? { digest, failure: unreadableAnswer };
  }
}

interface Known {
  readonly reader: number | null;
  readonly failure: string | null;
  readonly content: Uint8Array | null;
}

function toLayer(digest: Digest, { reader, failure, content }: Known): ImageLayer | null {
  if (failure !== null) return { digest, failure, mayPass: reader === noReader };
  const inventory = content === null ? null : decodeLayerInventory(content);
  return inventory === null ? null : { digest, inventory };
}

import type { Digest } from "../../kernel/index.ts";
import { NotRunnableManifests } from "../../registry/index.ts";
import { composeImage, type ImageLayer, readerVersion } from "../inventory/index.ts";
import type { Identity } from "../match/finding.ts";
import { type Identified, identitiesOf, keyOf } from "../match/identities.ts";
import { partsOf } from "../match/parts.ts";
import { Layers } from "./layers.ts";
import type { ImagesOptions } from "./options.ts";
import type { ImageQueue } from "./queue.ts";
import { storeScan } from "./store-scan.ts";

/** Scans one image: reads the layers that nobody has read, stores what is inside, and matches what is new. */
export class ImageScan {
  readonly #options: ImagesOptions;
  readonly #queue: ImageQueue;
  readonly layers: Layers;
  readonly #notRunnable: NotRunnableManifests;

  constructor(options: ImagesOptions, queue: ImageQueue) {
    const { database, objects } = options;
    this.#options = options;
    this.#queue = queue;
    this.layers = new Layers(options);
    this.#notRunnable = new NotRunnableManifests(database, objects);
  }

  /** May be run again after a crash, at any point. Throws what the database or the storage throws. */
  async run(manifestId: number, holder: string, signal: AbortSignal): Promise<void> {
    const manifest = await this.#manifest(manifestId);
    // Deleted meanwhile, and its row with it.
    if (manifest === undefined) return;
    if (await this.#notRunnable.has(manifest)) return this.#queue.drop(manifestId);
    const layers = await this.layers.of(manifest.repository_id, layersOf(manifest.content), signal);
    const failure = whatMayPass(layers);
    if (failure !== null && (await this.#hasOlderReport(manifestId))) throw new Error(failure);
    const inventory = composeImage(layers);
    const identified = identitiesOf(inventory);
    const identities = distinct(identified);
    const parts = partsOf(inventory, identified);
    await storeScan(this.#options, this.#queue, { manifestId, holder, inventory, parts, identities });
  }

  /** One of an older version of this program, which stands until there is a whole new one. */
  async #hasOlderReport(manifestId: number): Promise<boolean> {
    const older = await this.#options.database.read
      .selectFrom("image_inventory")
      .select("reader")
      .where("manifest_id", "=", manifestId)
      .where("reader", "<", readerVersion)
      .executeTakeFirst();
    return older !== undefined;
  }

  #manifest(id: number) {
    return this.#options.database.read
      .selectFrom("manifest")
      .innerJoin("manifest_content", "manifest_content.blob_id", "manifest.blob_id")
      .select(["manifest.digest", "manifest.repository_id", "manifest_content.content"])
      .where("manifest.id", "=", id)
      .executeTakeFirst();
  }
}

/** Why one of the layers was not read that may be read another time; null when there is none. */
function whatMayPass(layers: readonly ImageLayer[]): string | null {
  for (const layer of layers) if ("failure" in layer && layer.mayPass) return layer.failure;
  return null;
}

/** What an image holds a thousand times is matched once. */
function distinct(identified: readonly Identified[]): readonly Identity[] {
  const identities = new Map<string, Identity>();
  for (const { identity } of identified) if (identity !== null) identities.set(keyOf(identity), identity);
  return [...identities.values()];
}

function layersOf(content: Uint8Array): readonly Digest[] {
  const { layers = [] } = JSON.parse(new TextDecoder().decode(content)) as {
    layers?: readonly { readonly digest: Digest }[];
  };
  return layers.map(({ digest }) => digest);
}

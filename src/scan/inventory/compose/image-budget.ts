import type { Digest } from "../../../kernel/index.ts";
import { pathsIn } from "../layer/folder.ts";
import { parseLayerInventory, unpackLayerInventory } from "../layer/inventory.ts";
import type { ImageLayer } from "./image-layers.ts";

export interface ImageLimits {
  /** Files, links and folders of all layers. */
  readonly paths: number;
  /** Of what was found in all of them, as JSON. */
  readonly bytes: number;
}

/** Far above what images hold that people work with: all of it is in memory at once, and composed in one go. */
const imageLimits: ImageLimits = { paths: 3_000_000, bytes: 256 * 1024 * 1024 };

/** Takes the layers of one image, the lowest first, as far as they can be held together. */
export class ImageBudget {
  readonly #limits: ImageLimits;
  #paths = 0;
  #bytes = 0;

  constructor(limits: ImageLimits = imageLimits) {
    this.#limits = limits;
  }

  /** From then on no layer is taken, so that none need be read. */
  get isSpent(): boolean {
    return this.#paths > this.#limits.paths || this.#bytes > this.#limits.bytes;
  }

  /** A layer as it is stored; null for what another version of the reader has written. */
  take(digest: Digest, stored: Uint8Array): ImageLayer | null {
    if (this.isSpent) return this.refuse(digest);
    const json = unpackLayerInventory(stored);
    this.#bytes += json.length;
    if (this.isSpent) return this.refuse(digest);
    const inventory = parseLayerInventory(json);
    if (inventory === null) return null;
    this.#paths += pathsIn(inventory.root);
    return this.isSpent ? this.refuse(digest) : { digest, inventory };
  }

  refuse(digest: Digest): ImageLayer {
    const { paths, bytes } = this.#limits;
    const failure = `It was not read: up to it the image's layers hold more than ${paths} files and folders, or take more than ${bytes} bytes to write down.`;
    return { digest, failure };
  }
}

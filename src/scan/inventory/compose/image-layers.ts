import type { Digest } from "../../../kernel/index.ts";
import { Folder, loadFolder } from "../layer/folder.ts";
import type { FileFinds, LayerInventory } from "../layer/inventory.ts";
import { LayersView } from "./layers-view.ts";

/** A layer of an image: what was read of it, or why nothing was. */
export type ImageLayer = { readonly digest: Digest } & (
  | { readonly inventory: LayerInventory }
  /** `mayPass` where it may be read another time. */
  | { readonly failure: string; readonly mayPass?: boolean }
);

/** What was found in a file of an image, and the layer that brought the file, counted from the bottom. */
export interface ImageFile {
  readonly layer: number;
  readonly finds: FileFinds;
}

/** The layers of an image, the lowest first, with their finds by file. */
export class ImageLayers {
  readonly view: LayersView;
  readonly #digests: readonly Digest[];
  readonly #finds: readonly ReadonlyMap<string, readonly FileFinds[]>[];

  constructor(layers: readonly ImageLayer[]) {
    const inventories = layers.map((layer) => ("inventory" in layer ? layer.inventory : null));
    this.#digests = layers.map(({ digest }) => digest);
    this.#finds = inventories.map((inventory) => Map.groupBy(inventory?.files ?? [], ({ path }) => path));
    this.view = new LayersView(
      inventories.map((inventory) => (inventory === null ? new Folder() : loadFolder(inventory.root))),
    );
  }

  digest(layer: number): Digest {
    return this.#digests[layer] as Digest;
  }

  /** What was found in a file; as it is when only the layers up to `top` are there, where that is given. */
  filesAt(path: string, top?: number): readonly ImageFile[] {
    const seen = top === undefined ? this.view.at(path) : this.view.atHeight(path, top);
    if (seen?.entry !== null) return [];
    return (this.#finds[seen.layer]?.get(path) ?? []).map((finds) => ({ layer: seen.layer, finds }));
  }

  /** All finds that no layer above hides. */
  *visibleFiles(): Generator<ImageFile> {
    for (const [layer, files] of this.#finds.entries()) {
      for (const path of files.keys()) {
        for (const file of this.filesAt(path)) if (file.layer === layer) yield file;
      }
    }
  }
}

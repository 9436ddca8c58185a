import { type InventoryFailure, osTypes } from "../package.ts";
import type { ImageFile, ImageLayer, ImageLayers } from "./image-layers.ts";

/**
 * Package managers' databases of which an upper layer has left nothing, `rm -rf /var/lib/dpkg` and the like: of what they
 * had installed nobody knows any more whether it is there. Whoever removes a system has removed its files, and made
 * layers anew.
 */
export function removedDatabases(
  image: ImageLayers,
  layers: readonly ImageLayer[],
  visible: readonly ImageFile[],
): InventoryFailure[] {
  const known = new Set(visible.filter(({ finds }) => saysAnything(finds)).map(({ finds }) => finds.type));
  const removed = new Map<InventoryFailure["type"], InventoryFailure>();
  for (const [index, layer] of layers.entries()) {
    const files = "inventory" in layer ? layer.inventory.files : [];
    for (const { path, type, packages } of files) {
      if (type === null || !osTypes.includes(type) || packages.length === 0 || known.has(type)) continue;
      const reason =
        "A layer above has removed what it says of installed packages, which may still be there. Leave the package manager's database in the image.";
      removed.set(type, { layer: image.digest(index), path, type, managed: false, reason });
    }
  }
  return [...removed.values()];
}

/** One that could not be read is a failure by itself. */
function saysAnything({ packages, failures }: ImageFile["finds"]): boolean {
  return packages.length + failures.length > 0;
}

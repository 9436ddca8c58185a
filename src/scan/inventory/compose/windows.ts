import type { InventoryFailure } from "../package.ts";
import type { ImageLayers } from "./image-layers.ts";

/** Where layers of Windows have its system. */
const system = "Files/Windows";

/** An image of Windows has a system of which nothing here tells, neither its release nor its updates. */
export function windowsSystem(image: ImageLayers): InventoryFailure[] {
  const seen = image.view.at(system);
  if (seen === null) return [];
  const reason = "It is a system of Windows, of which neither release nor updates are read.";
  return [{ layer: image.digest(seen.layer), path: system, type: null, managed: false, reason }];
}

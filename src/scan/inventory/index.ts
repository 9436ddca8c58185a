export { composeImage } from "./compose/compose-image.ts";
export { ImageBudget, type ImageLimits } from "./compose/image-budget.ts";
export type { ImageLayer } from "./compose/image-layers.ts";
export {
  decodeLayerInventory,
  type LayerInventory,
  readerVersion,
} from "./layer/inventory.ts";
export { defaultLimits, type LayerLimits } from "./layer/limits.ts";
export type {
  Distribution,
  ImageInventory,
  ImagePackage,
  InventoryFailure,
  Package,
  PackageType,
} from "./package.ts";
export { readLayerAndExit } from "./process/child.ts";
export { type InspectedLayer, type InspectOptions, inspectLayer } from "./process/inspect.ts";
export type { LayerBytes } from "./process/reader-process.ts";

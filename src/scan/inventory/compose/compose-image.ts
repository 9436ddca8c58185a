import { type ImageInventory, type ImagePackage, type InventoryFailure, osTypes } from "../package.ts";
import { distributionOf } from "./distribution.ts";
import { firstLayers, packageKey } from "./first-layers.ts";
import { type ImageFile, type ImageLayer, ImageLayers } from "./image-layers.ts";
import { movedDatabases } from "./moved-databases.ts";
import { ownedFiles } from "./owned-files.ts";
import { removedDatabases } from "./removed-databases.ts";
import { windowsSystem } from "./windows.ts";

/**
 * What is inside an image of these layers, the lowest first. One that is listed several times counts where it lies last,
 * which hides all that it has below: it costs no more than once.
 */
export function composeImage(listed: readonly ImageLayer[]): ImageInventory {
  const layers = lastOfEach(listed);
  const image = new ImageLayers(layers);
  const files = [...image.visibleFiles()];
  const languageFiles = files.filter(({ finds }) => !osTypes.includes(finds.type));
  const distribution = distributionOf(image);
  // Before the lists of files, which may lead through more links than are followed.
  const moved = movedDatabases(image);
  const asked = new Map(languageFiles.map(({ layer, finds }) => [finds.path, layer]));
  const owned = ownedFiles(image, distribution, files, asked);
  return {
    distribution,
    packages: files.flatMap((file) => packagesOf(image, file, owned)),
    failures: [
      ...layerFailures(layers),
      ...files.flatMap((file) => failuresOf(image, file, owned)),
      ...moved,
      ...removedDatabases(image, layers, files),
      ...windowsSystem(image),
    ],
  };
}

function lastOfEach(layers: readonly ImageLayer[]): ImageLayer[] {
  const last = new Map(layers.map(({ digest }, index) => [digest, index]));
  return layers.filter(({ digest }, index) => last.get(digest) === index);
}

function packagesOf(
  image: ImageLayers,
  { layer, finds }: ImageFile,
  owned: ReadonlySet<string>,
): ImagePackage[] {
  const first = finds.database ? firstLayers(image, finds) : null;
  const managed = owned.has(finds.path);
  return finds.packages.map((each) => ({
    ...each,
    path: each.path ?? finds.path,
    layer: image.digest(first?.get(packageKey(each)) ?? layer),
    managed,
  }));
}

function failuresOf(
  image: ImageLayers,
  { layer, finds }: ImageFile,
  owned: ReadonlySet<string>,
): InventoryFailure[] {
  const { path, type, failures } = finds;
  const managed = owned.has(path);
  return failures.map((reason) => ({ layer: image.digest(layer), path, type, managed, reason }));
}

function layerFailures(layers: readonly ImageLayer[]): InventoryFailure[] {
  return layers.flatMap((layer) =>
    "failure" in layer
      ? [{ layer: layer.digest, path: null, type: null, managed: false, reason: layer.failure }]
      : [],
  );
}

import type { Package } from "../package.ts";
import { dpkgPackages } from "./dpkg-packages.ts";
import { firstLayers, packageKey } from "./first-layers.ts";
import type { ImageFile, ImageLayers } from "./image-layers.ts";

/** Files of a package of the operating system's. */
export interface Ownership {
  readonly owner: Pick<Package, "type" | "version" | "vendor">;
  /** The layer that installed it, counted from the bottom. */
  readonly installed: number;
  /** As `packPaths` gives them. */
  readonly paths: string;
}

const nobody = { type: "deb", version: "", vendor: null } as const;

/** What is found in `files` of who owns which files. */
export function* ownerships(image: ImageLayers, files: readonly ImageFile[]): Generator<Ownership> {
  const dpkgPackageOf = dpkgPackages(files);
  for (const { layer, finds } of files) {
    const { path, type, owns } = finds;
    if (owns.length === 0) continue;
    // Of each package dpkg has a list, which it writes anew with each version.
    if (type === null) {
      const owner = dpkgPackageOf(path) ?? nobody;
      for (const { paths } of owns) yield { owner, installed: layer, paths };
      continue;
    }
    const first = firstLayers(image, finds);
    for (const { owner, paths } of owns) {
      const installed = owner === null ? undefined : first.get(packageKey(owner));
      if (owner !== null && installed !== undefined) yield { owner: { type, ...owner }, installed, paths };
    }
  }
}

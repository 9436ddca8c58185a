import type { Owner } from "../analyzer.ts";
import type { FileFinds } from "../layer/inventory.ts";
import type { ImageLayers } from "./image-layers.ts";

/** What tells two packages of one database apart. */
export function packageKey({ name, version, architecture }: Omit<Owner, "vendor">): string {
  return JSON.stringify([name, version, architecture]);
}

/**
 * For each package of a database the layer since which it has been there. Each layer that changes the database
 * brings all of it, so the file's own layer says little.
 */
export function firstLayers(image: ImageLayers, { path, type }: FileFinds): ReadonlyMap<string, number> {
  let known = new Map<string, number>();
  for (let top = 0; top < image.view.height; top++) {
    const file = image.filesAt(path, top).find(({ finds }) => finds.type === type);
    if (file?.layer === top || file === undefined) {
      const packages = file?.finds.packages ?? [];
      const before = known;
      known = new Map(packages.map((each) => [packageKey(each), before.get(packageKey(each)) ?? top]));
    }
  }
  return known;
}

import { unpackPaths } from "../layer/inventory.ts";
import { makerOf } from "../maker.ts";
import type { Distribution } from "../package.ts";
import { baseName, folderOf } from "../paths.ts";
import type { ImageFile, ImageLayers } from "./image-layers.ts";
import { ownerships } from "./ownerships.ts";

const nothing: ReadonlyMap<string, string> = new Map();

/**
 * Those of `asked` that belong to a package of the distribution's own, by what is found in `files`. `asked` has the
 * layer that brought each: what came in a layer above the one in which its package was installed has taken the place
 * of the package's file, and the distribution's advisories say nothing of it.
 */
export function ownedFiles(
  image: ImageLayers,
  distribution: Distribution | null,
  files: readonly ImageFile[],
  asked: ReadonlyMap<string, number>,
): ReadonlySet<string> {
  const owned = new Set<string>();
  if (asked.size === 0) return owned;
  const names = new Set([...asked.keys()].map(baseName));
  const askedIn = new Map(
    [...Map.groupBy(asked.keys(), folderOf)].map(([folder, paths]) => [
      folder,
      new Map(paths.map((path) => [baseName(path), path])),
    ]),
  );
  /** By a folder's name in the lists, what is asked of it. */
  const folders = new Map<string, ReadonlyMap<string, string>>();
  for (const { owner, installed, paths } of ownerships(image, files)) {
    if (distribution !== null && makerOf(owner, distribution) !== "distribution") continue;
    for (const path of unpackPaths(paths)) {
      // Most are no files that anybody asks for.
      if (!names.has(baseName(path))) continue;
      const folder = folderOf(path);
      let here = folders.get(folder);
      if (here === undefined) {
        // Databases say `bin/sh` where `bin` is a link to `usr/bin`.
        const resolved = image.view.resolve(folder);
        here = (resolved === null ? undefined : askedIn.get(resolved)) ?? nothing;
        folders.set(folder, here);
      }
      const file = here.get(baseName(path));
      if (file !== undefined && (asked.get(file) ?? Infinity) <= installed) owned.add(file);
    }
  }
  return owned;
}

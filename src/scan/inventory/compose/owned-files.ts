import { baseName, folderOf, join } from "../paths.ts";
import type { ImageFile, ImageLayers } from "./image-layers.ts";

/** Those of `asked` that belong to a package of the operating system, by what is found in `files`. */
export function ownedFiles(
  image: ImageLayers,
  files: readonly ImageFile[],
  asked: ReadonlySet<string>,
): ReadonlySet<string> {
  const names = new Set([...asked].map(baseName));
  const folders = new Map<string, string | null>();
  const owned = new Set<string>();
  for (const { finds } of files) {
    for (const path of finds.owns) {
      // Most are no files that anybody asks for.
      if (!names.has(baseName(path))) continue;
      const folder = folderOf(path);
      // Databases say `bin/sh` where `bin` is a link to `usr/bin`.
      const resolved = folders.get(folder) ?? image.view.resolve(folder);
      folders.set(folder, resolved);
      if (resolved !== null) owned.add(join(resolved, baseName(path)));
    }
  }
  return asked.intersection(owned);
}

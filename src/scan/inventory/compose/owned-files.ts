import { type FileFinds, unpackPaths } from "../layer/inventory.ts";
import { makerOf } from "../maker.ts";
import type { Distribution } from "../package.ts";
import { baseName, folderOf, join } from "../paths.ts";
import { dpkgPackages } from "./dpkg-packages.ts";
import type { ImageFile, ImageLayers } from "./image-layers.ts";

/** Those of `asked` that belong to a package of the distribution's own, by what is found in `files`. */
export function ownedFiles(
  image: ImageLayers,
  distribution: Distribution | null,
  files: readonly ImageFile[],
  asked: ReadonlySet<string>,
): ReadonlySet<string> {
  if (asked.size === 0) return asked;
  const names = new Set([...asked].map(baseName));
  const folders = new Map<string, string | null>();
  const owned = new Set<string>();
  const dpkgPackageOf = dpkgPackages(files);
  const isOwn = ({ path, type }: FileFinds, vendor: string | null) => {
    if (distribution === null) return true;
    const unknown = { type: type ?? "deb", version: "", vendor };
    const owner = type === null ? (dpkgPackageOf(path) ?? unknown) : unknown;
    return makerOf(owner, distribution) === "distribution";
  };
  const lists = files.flatMap(({ finds }) => finds.owns.map((own) => ({ finds, ...own })));
  for (const { finds, vendor, paths } of lists) {
    // The distribution's advisories say nothing of what is in there.
    if (!isOwn(finds, vendor)) continue;
    for (const path of unpackPaths(paths)) {
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

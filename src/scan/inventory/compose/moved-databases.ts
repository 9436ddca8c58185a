import type { InventoryFailure, PackageType } from "../package.ts";
import type { ImageLayers } from "./image-layers.ts";

const rpmFolders = ["var/lib/rpm", "usr/lib/sysimage/rpm", "usr/share/rpm"];
const rpmNames = ["Packages", "Packages.db", "rpmdb.sqlite"];

/** Where package managers look for their databases. */
const databases = new Map<string, PackageType>([
  ["var/lib/dpkg/status", "deb"],
  ["var/lib/dpkg/status.d", "deb"],
  ["lib/apk/db/installed", "apk"],
  ["usr/lib/apk/db/installed", "apk"],
  ["var/lib/rpmmanifest/container-manifest-2", "rpm"],
  ...rpmFolders.flatMap((folder) => rpmNames.map((name) => [`${folder}/${name}`, "rpm"] as const)),
]);

/**
 * Databases that links lead to a place where nobody looks when layers are read: the image has packages then of which
 * nothing is known.
 */
export function movedDatabases(image: ImageLayers): InventoryFailure[] {
  return [...databases].flatMap(([path, type]) => {
    const resolved = image.view.resolve(path);
    if (resolved === null || databases.has(resolved)) return [];
    const seen = image.view.at(resolved);
    if (seen === null) return [];
    return [
      {
        layer: image.digest(seen.layer),
        path,
        type,
        managed: false,
        reason: `It is a link to ${resolved}, which is not read.`,
      },
    ];
  });
}

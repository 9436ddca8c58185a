import type { InventoryFailure, PackageType } from "../package.ts";
import type { ImageLayers } from "./image-layers.ts";

const rpmFolders = ["var/lib/rpm", "usr/lib/sysimage/rpm", "usr/share/rpm"];
const rpmNames = ["Packages", "Packages.db", "rpmdb.sqlite"];
/** Each file of it is a database of one package. */
const statusFolder = "var/lib/dpkg/status.d";

/** Where package managers look for their databases. */
const databases = new Map<string, PackageType>([
  ["var/lib/dpkg/status", "deb"],
  [statusFolder, "deb"],
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
  const moved = [...databases].flatMap(([path, type]) => {
    const place = placeOf(image, path);
    if (place === null || place === unknown) return [];
    const reason = `It is a link to ${place.path}, which is not read.`;
    return [{ layer: image.digest(place.layer), path, type, managed: false, reason }];
  });
  return [...moved, ...movedEntries(image)];
}

/** One failure for all of them: there may be as many as an image has files. */
function movedEntries(image: ImageLayers): InventoryFailure[] {
  const links = [...image.view.linksIn(statusFolder)].filter(
    ([name]) => !name.endsWith(".md5sums") && placeOf(image, `${statusFolder}/${name}`) !== null,
  );
  const [first] = links;
  if (first === undefined) return [];
  const [name, { layer }] = first;
  const more = links.length === 1 ? "" : `, one of ${links.length} there`;
  const reason = `It is a link to what is not read${more}.`;
  return [
    { layer: image.digest(layer), path: `${statusFolder}/${name}`, type: "deb", managed: false, reason },
  ];
}

const unknown = Symbol("unknown");

/** Where something lies that links lead to; null where it is read there, or is nothing. */
function placeOf(
  image: ImageLayers,
  path: string,
): { readonly path: string; readonly layer: number } | typeof unknown | null {
  const resolved = image.view.resolve(path);
  if (resolved === null) return unknown;
  if (databases.has(resolved) || resolved.startsWith(`${statusFolder}/`)) return null;
  const seen = image.view.at(resolved);
  return seen === null ? null : { path: resolved, layer: seen.layer };
}

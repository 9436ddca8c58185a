/** What a symbolic link points to; null for anything else that is no folder. */
export type Leaf = string | null;

/**
 * A folder of one layer: what it brings, and what of the layers below it hides. A folder of a layer lies over that
 * of the layers below; everything else takes the place of whatever has its name there.
 */
export class Folder {
  readonly entries = new Map<string, Folder | Leaf>();
  /** Names of the layers below that this layer takes away. */
  readonly whiteouts = new Set<string>();
  /** Takes away all that the layers below have in this folder. */
  opaque = false;
}

/** A folder as JSON. What is empty is left out. */
export interface StoredFolder {
  readonly folders?: readonly (readonly [name: string, folder: StoredFolder])[];
  readonly links?: readonly (readonly [name: string, target: string])[];
  readonly files?: readonly string[];
  readonly whiteouts?: readonly string[];
  readonly opaque?: true;
}

export function storeFolder(folder: Folder): StoredFolder {
  const folders: [string, StoredFolder][] = [];
  const links: [string, string][] = [];
  const files: string[] = [];
  for (const [name, entry] of folder.entries) {
    if (entry instanceof Folder) folders.push([name, storeFolder(entry)]);
    else if (entry === null) files.push(name);
    else links.push([name, entry]);
  }
  return {
    ...(folders.length > 0 ? { folders } : {}),
    ...(links.length > 0 ? { links } : {}),
    ...(files.length > 0 ? { files } : {}),
    ...(folder.whiteouts.size > 0 ? { whiteouts: [...folder.whiteouts] } : {}),
    ...(folder.opaque ? { opaque: true } : {}),
  };
}

/** Files, links, folders and whiteouts, in all. */
export function pathsIn({ folders = [], links = [], files = [], whiteouts = [] }: StoredFolder): number {
  const inner = folders.reduce((sum, [, folder]) => sum + pathsIn(folder), 0);
  return folders.length + links.length + files.length + whiteouts.length + inner;
}

export function loadFolder(stored: StoredFolder): Folder {
  const folder = new Folder();
  for (const [name, inner] of stored.folders ?? []) folder.entries.set(name, loadFolder(inner));
  for (const [name, target] of stored.links ?? []) folder.entries.set(name, target);
  for (const name of stored.files ?? []) folder.entries.set(name, null);
  for (const name of stored.whiteouts ?? []) folder.whiteouts.add(name);
  folder.opaque = stored.opaque ?? false;
  return folder;
}

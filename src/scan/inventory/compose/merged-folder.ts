import { Folder, type Leaf } from "../layer/folder.ts";

/** What lies at a path, and the layer that brought it, counted from the bottom. Of a folder it is the uppermost. */
export interface Seen {
  readonly layer: number;
  readonly entry: Folder | Leaf;
}

/** A folder of one layer. */
interface Part {
  readonly layer: number;
  readonly folder: Folder;
}

/** What a name stands for. What is hidden has no parts; `closed` is what nothing lower adds to. */
interface Name {
  readonly parts: Part[];
  leaf: Seen | null;
  closed: boolean;
  merged: MergedFolder | null;
}

/**
 * A folder as all layers together make it. It is put together once, when it is first looked into: an image of hundreds of
 * layers and deep folders would take hours, were each path looked for in each layer from the root on.
 */
export class MergedFolder {
  /** Those of the layers that are seen, the uppermost first. */
  readonly #parts: readonly Part[];
  #names: ReadonlyMap<string, Name> | null = null;

  constructor(parts: readonly Part[]) {
    this.#parts = parts;
  }

  get uppermost(): Seen | null {
    const [first] = this.#parts;
    return first === undefined ? null : { layer: first.layer, entry: first.folder };
  }

  /** What has that name in it; null for nothing. */
  at(name: string): MergedFolder | Seen | null {
    const found = this.#merged().get(name);
    if (found === undefined || found.leaf !== null || found.parts.length === 0) return found?.leaf ?? null;
    found.merged ??= new MergedFolder(found.parts);
    return found.merged;
  }

  /** The links in it, by their names. */
  links(): ReadonlyMap<string, Seen> {
    const links = new Map<string, Seen>();
    for (const [name, { leaf }] of this.#merged())
      if (leaf !== null && linkOf(leaf) !== null) links.set(name, leaf);
    return links;
  }

  #merged(): ReadonlyMap<string, Name> {
    this.#names ??= merge(this.#parts);
    return this.#names;
  }
}

/** Where a link points to; null for anything else. */
export function linkOf(found: MergedFolder | Seen | null): string | null {
  return found === null || found instanceof MergedFolder || typeof found.entry !== "string"
    ? null
    : found.entry;
}

function merge(parts: readonly Part[]): ReadonlyMap<string, Name> {
  const names = new Map<string, Name>();
  const named = (name: string) => {
    const known = names.get(name) ?? { parts: [], leaf: null, closed: false, merged: null };
    names.set(name, known);
    return known;
  };
  for (const { layer, folder } of parts) {
    for (const [name, entry] of folder.entries) {
      const known = named(name);
      if (known.closed) continue;
      if (entry instanceof Folder) known.parts.push({ layer, folder: entry });
      else {
        // Under a folder it is hidden, and hides what is below it.
        if (known.parts.length === 0) known.leaf = { layer, entry };
        known.closed = true;
      }
    }
    for (const name of folder.whiteouts) named(name).closed = true;
    if (folder.opaque) break;
  }
  return names;
}

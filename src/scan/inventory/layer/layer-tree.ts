import { join, partsOf } from "../paths.ts";
import { Folder, type Leaf } from "./folder.ts";
import type { LayerLimits } from "./limits.ts";
import { UnreadableLayer } from "./unreadable-layer.ts";

/** As many as Linux follows. */
const maxLinks = 40;
/** As many places are remembered, so that what remembers them stays small. */
const maxPlaces = 10_000;

/** A folder, and its path once all links on the way to it are followed. */
interface Place {
  readonly folder: Folder;
  readonly path: string;
}

/** Lays the entries of one layer into folders, in the archive's order, as an engine does that unpacks it. */
export class LayerTree {
  readonly root = new Folder();
  readonly #limits: LayerLimits;
  #entries = 0;
  #characters = 0;
  /** Where entries lately went: the next ones mostly go there too. */
  readonly #places = new Map<string, Place>();

  constructor(limits: LayerLimits) {
    this.#limits = limits;
  }

  /** Where the folder `path` is, which is made if it is not there. Links of this layer are followed. */
  place(path: string): Place {
    const known = this.#places.get(path);
    if (known !== undefined) return known;
    if (this.#places.size >= maxPlaces) this.#places.clear();
    const place = this.#walk(path);
    this.#places.set(path, place);
    return place;
  }

  #walk(path: string): Place {
    const way: Place[] = [];
    const top = (): Place => way.at(-1) ?? { folder: this.root, path: "" };
    const ahead = partsOf(path).reverse();
    for (let links = 0; ahead.length > 0; ) {
      const part = ahead.pop() as string;
      const { folder } = top();
      const entry = folder.entries.get(part);
      if (part === "..") way.pop();
      else if (typeof entry === "string") {
        if (++links > maxLinks)
          throw new UnreadableLayer("The layer has a path through too many symbolic links.");
        if (entry.startsWith("/")) way.length = 0;
        // Dots are kept: they count from where the link is, after other links were followed.
        ahead.push(
          ...entry
            .split("/")
            .filter((each) => each !== "" && each !== ".")
            .reverse(),
        );
      } else way.push({ folder: entry ?? this.#newFolder(folder, part), path: join(top().path, part) });
    }
    return top();
  }

  /** Puts a file or a link to its place, instead of what was there. */
  put({ folder }: Place, name: string, leaf: Leaf): void {
    this.#replace(folder, name);
    this.#count(name.length + (leaf?.length ?? 0));
    folder.entries.set(name, leaf);
  }

  /** Puts a folder to its place. One that is there stays. */
  putFolder({ folder }: Place, name: string): void {
    if (folder.entries.get(name) instanceof Folder) return;
    this.#replace(folder, name);
    this.#newFolder(folder, name);
  }

  whiteout({ folder }: Place, name: string): void {
    this.#count(name.length);
    folder.whiteouts.add(name);
  }

  /** What is at `path`, links on the way to it not followed; undefined where nothing is. */
  at(path: string): Folder | Leaf | undefined {
    let entry: Folder | Leaf | undefined = this.root;
    for (const part of partsOf(path)) {
      if (!(entry instanceof Folder)) return undefined;
      entry = entry.entries.get(part);
    }
    return entry;
  }

  /** Where a folder or a link goes, the way to others may go with it. */
  #replace(folder: Folder, name: string): void {
    if (folder.entries.get(name) != null) this.#places.clear();
  }

  #newFolder(folder: Folder, name: string): Folder {
    this.#count(name.length);
    const made = new Folder();
    folder.entries.set(name, made);
    return made;
  }

  #count(characters: number): void {
    this.#characters += characters;
    if (++this.#entries > this.#limits.entries)
      throw new UnreadableLayer(`The layer has more than ${this.#limits.entries} files and folders.`);
    if (this.#characters > this.#limits.nameCharacters)
      throw new UnreadableLayer(
        `The layer's names have more than ${this.#limits.nameCharacters} characters.`,
      );
  }
}

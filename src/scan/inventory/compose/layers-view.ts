import { Folder, type Leaf } from "../layer/folder.ts";
import { join } from "../paths.ts";
import { linkOf, MergedFolder, type Seen } from "./merged-folder.ts";

/** As many as Linux follows. */
const maxLinks = 40;
/** Parts of paths that are looked up for all of an image's links together: some seconds. */
const maxSteps = 50_000_000;

/** Layers laid over one another, the lowest first, as a container sees them. */
export class LayersView {
  readonly #roots: readonly Folder[];
  readonly #root: MergedFolder;
  #steps = 0;

  constructor(roots: readonly Folder[]) {
    this.#roots = roots;
    this.#root = new MergedFolder(roots.map((folder, layer) => ({ layer, folder })).reverse());
  }

  get height(): number {
    return this.#roots.length;
  }

  /** What is at `path`, without following links; null for nothing. */
  at(path: string): Seen | null {
    const found = this.#find(path);
    return found instanceof MergedFolder ? found.uppermost : found;
  }

  /** The links in the folder `path`, by their names; none where there is no such folder. */
  linksIn(path: string): ReadonlyMap<string, Seen> {
    const found = this.#find(path);
    return found instanceof MergedFolder ? found.links() : new Map();
  }

  #find(path: string): MergedFolder | Seen | null {
    let here: MergedFolder | Seen = this.#root;
    for (const part of path.split("/")) {
      const next: MergedFolder | Seen | null = here instanceof MergedFolder ? here.at(part) : null;
      if (next === null) return null;
      here = next;
    }
    return here;
  }

  /** As `at`, when only the layers up to `top` are there. */
  atHeight(path: string, top: number): Seen | null {
    const parts = path.split("/");
    for (let layer = top; layer >= 0; layer--) {
      const seen = lookIn(this.#roots[layer] as Folder, parts);
      if (seen === hidden) return null;
      if (seen !== undefined) return { layer, entry: seen };
    }
    return null;
  }

  /**
   * The path under which a container finds `path`: links on the way to it and at its end are followed. What is not
   * there stays as it is; null where links go round, and once an image has had too many of them followed.
   */
  resolve(path: string): string | null {
    const ahead = path.split("/").reverse();
    // The way to where we are: null for what is not there.
    const way: { readonly path: string; readonly folder: MergedFolder | null }[] = [];
    for (let links = 0; ahead.length > 0; ) {
      if (++this.#steps > maxSteps) return null;
      const part = ahead.pop() as string;
      if (part === "" || part === ".") continue;
      if (part === "..") {
        way.pop();
        continue;
      }
      const here = way.at(-1) ?? { path: "", folder: this.#root };
      const next = here.folder?.at(part) ?? null;
      const target = linkOf(next);
      if (target !== null) {
        if (++links > maxLinks) return null;
        if (target.startsWith("/")) way.length = 0;
        ahead.push(...target.split("/").reverse());
      } else way.push({ path: join(here.path, part), folder: next instanceof MergedFolder ? next : null });
    }
    return way.at(-1)?.path ?? "";
  }
}

const hidden = Symbol("hidden");

/** What one layer has at a path; `hidden` where it has nothing and hides what is below, undefined where it does not. */
function lookIn(root: Folder, parts: readonly string[]): Folder | Leaf | typeof hidden | undefined {
  let folder = root;
  let hides = false;
  for (const [index, part] of parts.entries()) {
    const entry = folder.entries.get(part);
    hides ||= folder.opaque || folder.whiteouts.has(part);
    if (entry === undefined) return hides ? hidden : undefined;
    if (index === parts.length - 1) return entry;
    if (!(entry instanceof Folder)) return hidden;
    folder = entry;
  }
  return folder;
}

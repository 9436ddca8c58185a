import { Folder, type Leaf } from "../layer/folder.ts";
import { join } from "../paths.ts";

/** What lies at a path, and the layer that brought it, counted from the bottom. Of a folder it is the uppermost. */
export interface Seen {
  readonly layer: number;
  readonly entry: Folder | Leaf;
}

/** As many as Linux follows. */
const maxLinks = 40;

/** Layers laid over one another, the lowest first, as a container sees them. */
export class LayersView {
  readonly #roots: readonly Folder[];

  constructor(roots: readonly Folder[]) {
    this.#roots = roots;
  }

  get height(): number {
    return this.#roots.length;
  }

  /** What is at `path`, without following links, when only the layers up to `top` are there; null for nothing. */
  at(path: string, top: number = this.height - 1): Seen | null {
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
   * there stays as it is; null where links go round.
   */
  resolve(path: string): string | null {
    const ahead = path.split("/").reverse();
    let there = "";
    for (let links = 0; ahead.length > 0; ) {
      const part = ahead.pop() as string;
      if (part === "" || part === ".") continue;
      if (part === "..") {
        there = there.slice(0, Math.max(0, there.lastIndexOf("/")));
        continue;
      }
      const next = join(there, part);
      const entry = this.at(next)?.entry;
      if (typeof entry === "string") {
        if (++links > maxLinks) return null;
        if (entry.startsWith("/")) there = "";
        ahead.push(...entry.split("/").reverse());
      } else there = next;
    }
    return there;
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

import type { Analyzer } from "../analyzer.ts";
import { baseName, folderOf, join, normalPath } from "../paths.ts";
import type { TarEntry, TarHandler } from "../tar/tar-reader.ts";
import { Analysis } from "./analysis.ts";
import { FileReader, failed } from "./file-reader.ts";
import { type Leaf, storeFolder } from "./folder.ts";
import { HardLinks, type MissedLink } from "./hard-links.ts";
import { type LayerInventory, readerVersion } from "./inventory.ts";
import { LayerFinds } from "./layer-finds.ts";
import { LayerTree } from "./layer-tree.ts";
import type { LayerLimits } from "./limits.ts";
import { UnreadableLayer } from "./unreadable-layer.ts";

const whiteoutPrefix = ".wh.";
const opaqueMark = ".wh..wh..opq";
/** AUFS's own affairs. */
const metadataPrefix = ".wh..wh.";

export interface LayerHandlerOptions {
  readonly analyzers: readonly Analyzer[];
  readonly limits: LayerLimits;
  /** Where files that are too large for the memory are put meanwhile. */
  readonly temporaryFolder: string;
  /** Hard links that an earlier reading of the layer has missed. */
  readonly links: readonly MissedLink[];
}

/** Puts the entries of a layer into a tree, and the contents that analyzers want before them. */
export class LayerHandler implements TarHandler, Disposable {
  readonly #analysis: Analysis;
  readonly #limits: LayerLimits;
  readonly #tree: LayerTree;
  readonly #finds = new LayerFinds();
  readonly #links: HardLinks;
  readonly #reader: FileReader;
  /** Of the file that is being read. */
  #path = "";

  constructor({ analyzers, limits, temporaryFolder, links }: LayerHandlerOptions) {
    this.#analysis = new Analysis(analyzers, limits.packages);
    this.#limits = limits;
    this.#tree = new LayerTree(limits);
    this.#links = new HardLinks(this.#analysis, links);
    this.#reader = new FileReader(this.#analysis, limits, temporaryFolder);
  }

  get missedLinks(): readonly MissedLink[] {
    return this.#links.missed;
  }

  entry(entry: TarEntry): boolean {
    this.#checkLength(entry);
    const asked = normalPath(entry.name);
    if (asked === "") return false;
    const name = baseName(asked);
    const place = this.#tree.place(folderOf(asked));
    if (name.startsWith(whiteoutPrefix)) {
      if (name === opaqueMark) place.folder.opaque = true;
      else if (!name.startsWith(metadataPrefix))
        this.#tree.whiteout(place, name.slice(whiteoutPrefix.length));
    } else if (entry.kind === "folder") this.#tree.putFolder(place, name);
    else {
      const path = join(place.path, name);
      this.#tree.put(place, name, this.#leafOf(entry, path));
      return entry.kind === "file" && this.#wants(entry, path);
    }
    return false;
  }

  data(piece: Buffer): void {
    this.#reader.data(piece);
  }

  end(): void {
    for (const found of this.#reader.end()) {
      if (found.path === this.#path) this.#finds.add(found.analyzer, found.finds);
      else this.#links.keep(found);
    }
  }

  /** What there is, and what was found in the files that are there at the end. */
  inventory(): LayerInventory {
    const files = this.#finds.all().filter(({ path }) => this.#tree.at(path) === null);
    return { reader: readerVersion, root: storeFolder(this.#tree.root), files };
  }

  [Symbol.dispose](): void {
    this.#reader[Symbol.dispose]();
  }

  #checkLength({ name, link }: TarEntry): void {
    const length = Math.max(name.length, link.length);
    if (length > this.#limits.pathCharacters)
      throw new UnreadableLayer(`The layer has a path of ${length} characters.`);
  }

  /** What takes the place of whatever was at `path`. A hard link brings the finds of what it links to. */
  #leafOf({ kind, link }: TarEntry, path: string): Leaf {
    const target = normalPath(link);
    const there = kind === "hardlink" ? this.#tree.at(target) : null;
    const linked =
      kind === "hardlink" ? this.#links.resolve(path, target, there !== undefined, this.#finds) : [];
    this.#finds.delete(path);
    for (const { analyzer, finds } of linked) this.#finds.add(analyzer, finds);
    if (kind === "symlink") return link;
    return typeof there === "string" ? there : null;
  }

  #wants({ size, sparse }: TarEntry, path: string): boolean {
    const own = this.#analysis.wanting(path).map((analyzer) => ({ analyzer, path }));
    if (sparse) {
      for (const { analyzer } of own)
        this.#finds.add(
          analyzer,
          failed(analyzer, path, "It is stored as a sparse file, which is not read."),
        );
      return false;
    }
    const wants = [...own, ...this.#links.wantsFor(path)];
    if (wants.length === 0) return false;
    this.#path = path;
    this.#reader.begin(wants, size);
    return true;
  }
}

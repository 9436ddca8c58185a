import type { Analysis } from "./analysis.ts";
import { failed, type Want, type WantedFinds } from "./file-reader.ts";
import { LayerFinds, renamed } from "./layer-finds.ts";

/** A hard link under a name that is wanted, to a file under one that is not: its content had passed by then. */
export interface MissedLink {
  readonly target: string;
  readonly path: string;
}

/** Of missed links, in all: they are handed over as arguments, of which a system takes 2 MiB at least. */
const maxMissedBytes = 1024 * 1024;
/** What arguments take beside their text. */
const bytesBeside = 32;

/**
 * Finds for hard links. They come after the file that they link to, whose content may have been wanted under the
 * link's name alone, as with pnpm's store: such layers are read a second time.
 */
export class HardLinks {
  readonly missed: MissedLink[] = [];
  #missedBytes = 0;
  readonly #analysis: Analysis;
  /** By the file that they link to, what the first reading has missed. */
  readonly #expected: ReadonlyMap<string, readonly MissedLink[]>;
  /** The paths of those of them whose content has come. */
  readonly #seen = new Set<string>();
  /** What was found for links that are still to come. */
  readonly #early = new LayerFinds();

  constructor(analysis: Analysis, missedBefore: readonly MissedLink[]) {
    this.#analysis = analysis;
    this.#expected = Map.groupBy(missedBefore, ({ target }) => target);
  }

  /** Who wants a file, which is going to be read, for the sake of links that will come. */
  wantsFor(target: string): Want[] {
    return (this.#expected.get(target) ?? []).flatMap(({ path }) => {
      this.#seen.add(path);
      const own = this.#analysis.wanting(target);
      const more = this.#analysis.wanting(path).filter((analyzer) => !own.includes(analyzer));
      return more.map((analyzer) => ({ analyzer, path }));
    });
  }

  keep({ analyzer, finds }: WantedFinds): void {
    this.#early.add(analyzer, finds);
  }

  /**
   * The finds of the link `path` to `target`, where `found` holds those of the layer so far. `isThere` says whether
   * the layer holds the target.
   */
  resolve(path: string, target: string, isThere: boolean, found: LayerFinds): WantedFinds[] {
    const own = this.#analysis.wanting(target);
    return this.#analysis.wanting(path).flatMap((analyzer) => {
      const known = own.includes(analyzer) ? found.of(target, analyzer) : this.#early.of(path, analyzer);
      if (known !== undefined) return [{ analyzer, path, finds: renamed(known, path) }];
      const fail = (sentence: string) => [{ analyzer, path, finds: failed(analyzer, path, sentence) }];
      if (!isThere) return fail("It is a hard link to a file that the layer does not hold.");
      // Its content was seen, and holds nothing.
      if (own.includes(analyzer) || this.#seen.has(path)) return [];
      if (this.#expected.size === 0 && this.#miss({ target, path })) return [];
      return fail("It is one of too many hard links, or one to what is not read.");
    });
  }

  /** False when there is no room for more. */
  #miss(link: MissedLink): boolean {
    this.#missedBytes += Buffer.byteLength(link.target) + Buffer.byteLength(link.path) + bytesBeside;
    if (this.#missedBytes > maxMissedBytes) return false;
    if (this.missed.at(-1)?.path !== link.path) this.missed.push(link);
    return true;
  }
}

import type { Analyzer } from "../analyzer.ts";
import type { FileFinds } from "./inventory.ts";

/** What the analyzers have found, by file. */
export class LayerFinds {
  readonly #files = new Map<string, Map<Analyzer, FileFinds>>();

  add(analyzer: Analyzer, finds: FileFinds): void {
    const file = this.#files.get(finds.path) ?? new Map<Analyzer, FileFinds>();
    this.#files.set(finds.path, file.set(analyzer, finds));
  }

  of(path: string, analyzer: Analyzer): FileFinds | undefined {
    return this.#files.get(path)?.get(analyzer);
  }

  delete(path: string): void {
    this.#files.delete(path);
  }

  all(): FileFinds[] {
    return [...this.#files.values()].flatMap((file) => [...file.values()]);
  }
}

/** The same finds under another name of the file. */
export function renamed(finds: FileFinds, path: string): FileFinds {
  const packages = finds.packages.map((each) =>
    each.path?.startsWith(finds.path) ? { ...each, path: path + each.path.slice(finds.path.length) } : each,
  );
  return { ...finds, path, packages };
}

import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";

const SRC = join(import.meta.dir, "../../src");

export interface SourceFile {
  /** Below src/: `registry/store.ts`. */
  readonly path: string;
  /** The room it lies in (`registry`), or for a file directly in src/ its own name (`main`). */
  readonly room: string;
  readonly text: string;
  /** The files below src/ that it imports, types included. */
  readonly imports: readonly string[];
}

const IMPORT = /^(?:import|export)\b[^"';]*?["'](\.[^"']+)["']|\bimport\(\s*["'](\.[^"']+)["']/gm;

export function roomOf(path: string): string {
  return path.split("/")[0]?.replace(/\.ts$/, "") ?? path;
}

export function importsOf(path: string, text: string): string[] {
  return [...text.matchAll(IMPORT)].map(([, fixed, dynamic]) => join(dirname(path), fixed ?? dynamic ?? ""));
}

/** All of src/ but its tests, which may look behind any door. */
export async function readSources(): Promise<SourceFile[]> {
  const paths = await Array.fromAsync(new Bun.Glob("**/*.{ts,tsx}").scan(SRC));
  const sources = paths.filter((path) => !path.endsWith(".test.ts")).sort();
  return Promise.all(
    sources.map(async (path) => {
      const text = await readFile(join(SRC, path), "utf8");
      return { path, room: roomOf(path), text, imports: importsOf(path, text) };
    }),
  );
}

/** The first circle in a graph, as the way around it; undefined when there is none. */
export function findCircle(graph: ReadonlyMap<string, readonly string[]>): string[] | undefined {
  const done = new Set<string>();
  const walk = (node: string, way: string[]): string[] | undefined => {
    const seenAt = way.indexOf(node);
    if (seenAt !== -1) return [...way.slice(seenAt), node];
    if (done.has(node)) return undefined;
    for (const next of graph.get(node) ?? []) {
      const circle = walk(next, [...way, node]);
      if (circle !== undefined) return circle;
    }
    done.add(node);
    return undefined;
  };
  for (const node of graph.keys()) {
    const circle = walk(node, []);
    if (circle !== undefined) return circle;
  }
  return undefined;
}

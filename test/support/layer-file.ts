import type { Analyzer, Find, LayerFile } from "../../src/scan/inventory/analyzer.ts";

/** A file of a layer that is in memory. */
export function layerFile(path: string, content: Uint8Array | string): LayerFile {
  const bytes = typeof content === "string" ? Buffer.from(content) : content;
  return {
    path,
    size: bytes.length,
    read: (offset, length) => bytes.subarray(offset, offset + length),
    bytes: () => bytes,
    text: () => Buffer.from(bytes).toString("utf8"),
  };
}

/** What those of the analyzers find in it that want it; throws what they throw. */
export function findsIn(
  analyzers: readonly Analyzer[],
  path: string,
  content: Uint8Array | string,
): readonly Find[] {
  const file = layerFile(path, content);
  const name = path.slice(path.lastIndexOf("/") + 1);
  return analyzers
    .filter((analyzer) => analyzer.wants(path, name))
    .filter((analyzer) => analyzer.accepts?.(file.read(0, 512), file.size) ?? true)
    .flatMap((analyzer) => [...analyzer.analyze(file)]);
}

export function packagesIn(analyzers: readonly Analyzer[], path: string, content: Uint8Array | string) {
  return findsIn(analyzers, path, content).flatMap((find) => ("package" in find ? [find.package] : []));
}

import { zstdCompressSync, zstdDecompressSync } from "node:zlib";
import type { FoundPackage, Owner } from "../analyzer.ts";
import type { Distribution, PackageType } from "../package.ts";
import type { StoredFolder } from "./folder.ts";
import { UnreadableLayer } from "./unreadable-layer.ts";

/** Which reader a layer was read with. Raised with each change that finds other things: what was stored is then old. */
export const readerVersion = 7;

/** What one analyzer has found in one file. */
export interface FileFinds {
  readonly path: string;
  readonly type: PackageType | null;
  /** As `Analyzer.database` says. */
  readonly database: boolean;
  readonly packages: readonly FoundPackage[];
  /** The package manager's files, of those alone in which packages of languages could be found. */
  readonly owns: readonly OwnedFiles[];
  readonly distribution: Partial<Distribution> | null;
  /** Sentences: what could not be read. */
  readonly failures: readonly string[];
}

export interface OwnedFiles {
  /** The package that brought them; null where another file tells of it. */
  readonly owner: Owner | null;
  /** As `packPaths` gives them. */
  readonly paths: string;
}

/** Two slashes are in no normal path. */
const betweenPaths = "//";

/** Normal paths as one text: they are many, and a text is read many times as fast as a list. */
export function packPaths(paths: readonly string[]): string {
  return paths.join(betweenPaths);
}

export function unpackPaths(packed: string): readonly string[] {
  return packed.split(betweenPaths);
}

/**
 * What is known of one layer, and all that is needed to lay it over any other: finds by file, and the names of
 * everything in it, as each may hide a find of a layer below.
 */
export interface LayerInventory {
  /** `readerVersion` of who read it. */
  readonly reader: number;
  readonly root: StoredFolder;
  readonly files: readonly FileFinds[];
}

/** Far more than `LayerLimits.outputBytes`, which the process that wrote it should have kept. */
const maxStoredBytes = 256 * 1024 * 1024;

/** As it is stored: JSON, compressed with zstd. Throws UnreadableLayer when the JSON has more than `maxBytes`. */
export function encodeLayerInventory(inventory: LayerInventory, maxBytes: number): Uint8Array {
  const json = Buffer.from(JSON.stringify(inventory));
  if (json.length > maxBytes)
    throw new UnreadableLayer(`What the layer holds takes more than ${maxBytes} bytes to write down.`);
  return zstdCompressSync(json);
}

/** Null for what another version of the reader has written: the layer must be read again. */
export function decodeLayerInventory(stored: Uint8Array): LayerInventory | null {
  return parseLayerInventory(unpackLayerInventory(stored));
}

/** The JSON of what is stored. */
export function unpackLayerInventory(stored: Uint8Array): Buffer {
  return zstdDecompressSync(stored, { maxOutputLength: maxStoredBytes });
}

/** As `decodeLayerInventory`, of the JSON. */
export function parseLayerInventory(json: Buffer): LayerInventory | null {
  const inventory = JSON.parse(json.toString("utf8")) as LayerInventory;
  return inventory.reader === readerVersion ? inventory : null;
}

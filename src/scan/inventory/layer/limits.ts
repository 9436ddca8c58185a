/** What the reading of one layer may take. More is a stated failure of the layer, or where it says so, of a file. */
export interface LayerLimits {
  /** Of the layer, unpacked. */
  readonly uncompressedBytes: number;
  /** Files, links and folders, those among them that are only parts of paths. */
  readonly entries: number;
  /** Of one path. */
  readonly pathCharacters: number;
  /** Of all names together, and what symbolic links point to. */
  readonly nameCharacters: number;
  /** Of one file whose content is wanted; a failure of that file. */
  readonly fileBytes: number;
  /** Of all such files together that are too large for the memory; a failure of those beyond. */
  readonly diskBytes: number;
  /** Of all files together. */
  readonly packages: number;
  /** Until the reader is stopped. */
  readonly milliseconds: number;
  /** Held by the process that reads; looked at ten times a second. */
  readonly memoryBytes: number;
  /** Of what was found, as JSON. */
  readonly outputBytes: number;
}

const MiB = 1024 * 1024;

/** Far above what images hold that people work with, and no more than a small machine can bear. */
export const defaultLimits: LayerLimits = {
  uncompressedBytes: 64 * 1024 * MiB,
  entries: 1_000_000,
  pathCharacters: 4096,
  nameCharacters: 64 * MiB,
  fileBytes: 2 * 1024 * MiB,
  diskBytes: 16 * 1024 * MiB,
  packages: 100_000,
  milliseconds: 15 * 60 * 1000,
  memoryBytes: 512 * MiB,
  outputBytes: 64 * MiB,
};

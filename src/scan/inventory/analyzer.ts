import type { Distribution, Package, PackageType } from "./package.ts";

/**
 * Reads one kind of file. All of it is somebody else's input, and hostile: an analyzer bounds what it allocates,
 * does not recurse without an end, and may throw at any time, which is a stated failure of that file.
 */
export interface Analyzer {
  /** What the files tell of; null when it is no packages (`os-release`, ownership). */
  readonly type: PackageType | null;
  /**
   * Whether the file lists all packages of the system: then a package's layer is the one that it first came with,
   * not the one that last wrote the file.
   */
  readonly database?: true;
  /** By the path alone, as it is asked also of files that are listed and not there. `name` is its last part. */
  wants(path: string, name: string): boolean;
  /** By its first bytes, at most `headBytes` and fewer of a smaller file, before the rest is kept. */
  accepts?(head: Uint8Array, size: number): boolean;
  /** What was yielded before it throws still counts. */
  analyze(file: LayerFile): Iterable<Find>;
}

/** How much of a file `accepts` sees. */
export const headBytes = 512;

/** A regular file of a layer. Its content is there only while it is analyzed: what is kept must be copied. */
export interface LayerFile {
  /** Without a slash at its start, and without `.` and `..`. */
  readonly path: string;
  readonly size: number;
  /** Up to `length` bytes, fewer at the file's end, none behind it. */
  read(offset: number, length: number): Uint8Array;
  /** All of it. Throws for a file above `wholeFileBytes`; use `read` for what can be that large. */
  bytes(): Uint8Array;
  /** `bytes` as UTF-8, with U+FFFD for what is none. */
  text(): string;
}

/** How large a file may be that is taken as a whole. */
export const wholeFileBytes = 128 * 1024 * 1024;

/** Something that an analyzer has found in a file. */
export type Find =
  | { readonly package: FoundPackage }
  /** A file that a package of the operating system's manager has brought, and that package where the same file tells of it. Any form of the path will do. */
  | { readonly owns: string; readonly owner?: Owner }
  | { readonly distribution: Partial<Distribution> }
  /** A part that could not be read, while the analyzer goes on with the others: a sentence. */
  | { readonly failure: string };

/** What tells a package from others of its database, and who made it. Of each package there is one object. */
export type Owner = Pick<Package, "name" | "version" | "architecture" | "vendor">;

/** A package whose path is, unless it says another, that of the file. */
export type FoundPackage = Omit<Package, "path"> & { readonly path?: string };

/** Thrown by analyzers for a file that is not what it should be. The message is a sentence for people. */
export class UnreadableFile extends Error {
  override readonly name = "UnreadableFile";
}

/** Some packages have their license's whole text in place of its name; the longest expressions are as long. */
const longestLicense = 1024;

/** A find of a package about which little more than its name is said. */
export function foundPackage(
  type: PackageType,
  name: string,
  version: string,
  more: Partial<FoundPackage> = {},
): Find {
  return {
    package: {
      ...{ type, name, version },
      ...{ architecture: null, source: null, module: null, vendor: null },
      ...more,
      licenses: (more.licenses ?? []).filter(({ length }) => length <= longestLicense),
    },
  };
}

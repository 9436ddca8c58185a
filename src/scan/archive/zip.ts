import { inflateRawSync } from "node:zlib";
import { ArchiveError } from "./archive-error.ts";
import { accessBytes, accessFile, type RandomAccess } from "./random-access.ts";
import { findDirectory, readDirectory, type ZipDirectory, type ZipEntry } from "./zip-directory.ts";

export interface ZipLimits {
  /** Entries of the directory. */
  readonly entries: number;
  /** Bytes of the directory, which is held in memory. */
  readonly directoryBytes: number;
  /** Uncompressed bytes of one entry. */
  readonly entryBytes: number;
  /** Uncompressed bytes of all entries that are read, together: entries of a bomb may share their bytes. */
  readonly totalBytes: number;
}

const localHeaderSignature = 0x04034b50;
const localHeaderSize = 30;
const stored = 0;
const deflated = 8;

/** A zip archive, read by its central directory: entries in any order, only those that are asked for. */
export class Zip implements Disposable {
  readonly #source: RandomAccess;
  readonly #limits: ZipLimits;
  readonly #directory: ZipDirectory;
  #remaining: number;

  constructor(source: RandomAccess, limits: ZipLimits) {
    this.#source = source;
    this.#limits = limits;
    this.#remaining = limits.totalBytes;
    this.#directory = findDirectory(source);
    if (this.#directory.size > limits.directoryBytes)
      throw new ArchiveError(
        `Its directory has ${this.#directory.size} bytes; ${limits.directoryBytes} may be.`,
      );
  }

  static of(bytes: Uint8Array, limits: ZipLimits): Zip {
    return new Zip(accessBytes(bytes), limits);
  }

  /** Closes the file when it is disposed of, also where this throws. */
  static open(path: string, limits: ZipLimits): Zip {
    const source = accessFile(path);
    try {
      return new Zip(source, limits);
    } catch (error) {
      source[Symbol.dispose]();
      throw error;
    }
  }

  *entries(): Generator<ZipEntry> {
    let count = 0;
    for (const entry of readDirectory(this.#source, this.#directory)) {
      if (++count > this.#limits.entries)
        throw new ArchiveError(`It has more than ${this.#limits.entries} entries.`);
      yield entry;
    }
  }

  /** The entry's uncompressed bytes, checked against its length and CRC. Throws `ArchiveError`. */
  read(entry: ZipEntry): Uint8Array {
    const most = Math.min(this.#limits.entryBytes, this.#remaining);
    if (entry.encrypted) throw new ArchiveError(`Its entry ${entry.name} is encrypted.`);
    if (entry.size > most) throw tooLarge(entry);
    const bytes = expand(entry, this.#compressed(entry), most);
    this.#remaining -= bytes.length;
    if (bytes.length !== entry.size || Bun.hash.crc32(bytes) !== entry.crc32)
      throw new ArchiveError(`Its entry ${entry.name} is damaged.`);
    return bytes;
  }

  [Symbol.dispose](): void {
    this.#source[Symbol.dispose]();
  }

  #compressed(entry: ZipEntry): Uint8Array {
    const header = Buffer.from(this.#source.read(entry.offset, localHeaderSize));
    if (header.readUInt32LE(0) !== localHeaderSignature)
      throw new ArchiveError(`Its entry ${entry.name} is not where the directory says.`);
    // The local name and extra field may have other lengths than the directory's.
    const start = entry.offset + localHeaderSize + header.readUInt16LE(26) + header.readUInt16LE(28);
    return this.#source.read(start, entry.compressedSize);
  }
}

function expand(entry: ZipEntry, compressed: Uint8Array, most: number): Uint8Array {
  if (entry.method === stored) return compressed;
  if (entry.method !== deflated)
    throw new ArchiveError(`Its entry ${entry.name} is compressed by a method that is not known.`);
  try {
    // Never more than is claimed: what goes beyond it is damaged, however much it would be.
    return inflateRawSync(compressed, { maxOutputLength: Math.min(most, Math.max(entry.size, 1)) });
  } catch (error) {
    throw new ArchiveError(`Its entry ${entry.name} cannot be decompressed.`, { cause: error });
  }
}

function tooLarge(entry: ZipEntry): ArchiveError {
  return new ArchiveError(`Its entry ${entry.name} has ${entry.size} bytes, which is more than may be.`);
}

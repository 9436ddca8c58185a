import { ArchiveError } from "../../../archive/archive-error.ts";
import { Zip } from "../../../archive/zip.ts";
import type { ZipEntry } from "../../../archive/zip-directory.ts";
import { type LayerFile, UnreadableFile } from "../../analyzer.ts";

const MiB = 1024 * 1024;
/** Of texts: a manifest that lists the digests of all classes is a few megabytes long. */
const maxText = 16 * MiB;
/** Of an archive in another one, which is held in memory. */
const maxNested = 128 * MiB;

const limits = {
  ...{ entries: 500_000, directoryBytes: 64 * MiB, entryBytes: maxNested },
  // The budget's to watch over, as it counts what is nested too.
  totalBytes: Number.MAX_SAFE_INTEGER,
};

/** What may still be read of one file of a layer and of all that is nested in it. */
export class Budget {
  #bytes = 1024 * MiB;
  #entries = 1_000_000;

  spendEntry(): void {
    if (--this.#entries < 0) throw new UnreadableFile("It has more entries than are read.");
  }

  spendBytes(count: number): void {
    this.#bytes -= count;
    if (this.#bytes < 0) throw new UnreadableFile("It holds more than is unpacked of one file.");
  }
}

/** A Java archive within its budget. Throws ArchiveError for what is damaged, UnreadableFile past the budget. */
export class JavaArchive {
  readonly #zip: Zip;
  readonly #budget: Budget;

  private constructor(source: ConstructorParameters<typeof Zip>[0], budget: Budget) {
    this.#budget = budget;
    this.#zip = new Zip(source, limits);
  }

  static inLayer(file: LayerFile, budget: Budget): JavaArchive {
    return new JavaArchive(
      access(file.size, (start, length) => file.read(start, length)),
      budget,
    );
  }

  *entries(): Generator<ZipEntry> {
    for (const entry of this.#zip.entries()) {
      this.#budget.spendEntry();
      yield entry;
    }
  }

  text(entry: ZipEntry): string {
    return Buffer.from(this.#read(entry, maxText)).toString("utf8");
  }

  nested(entry: ZipEntry): JavaArchive {
    const bytes = this.#read(entry, maxNested);
    const read = (start: number, length: number) => bytes.subarray(start, start + length);
    return new JavaArchive(access(bytes.length, read), this.#budget);
  }

  #read(entry: ZipEntry, most: number): Uint8Array {
    // What does not shrink grows by some bytes: more than that is not compressed, it is hidden.
    if (entry.size > most || entry.compressedSize > entry.size + MiB)
      throw new ArchiveError(`Its entry ${entry.name} has ${entry.size} bytes, which is more than is read.`);
    this.#budget.spendBytes(entry.size);
    return this.#zip.read(entry);
  }
}

function access(size: number, read: (start: number, length: number) => Uint8Array) {
  return {
    size,
    read(start: number, length: number): Uint8Array {
      if (!Number.isSafeInteger(start) || start < 0 || length < 0 || start + length > size)
        throw new ArchiveError("It points beyond its end: it is truncated or damaged.");
      return read(start, length);
    },
    [Symbol.dispose]() {},
  };
}

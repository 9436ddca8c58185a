import { closeSync, openSync, readSync, unlinkSync, writeSync } from "node:fs";
import { join } from "node:path";
import { type LayerFile, UnreadableFile, wholeFileBytes } from "../analyzer.ts";

/** Up to here a file is held in memory, above in a temporary file. */
export const memoryBytes = 64 * 1024 * 1024;

/** Room for the content of one file after the other: the memory and the temporary file are used again. */
export class Content implements Disposable {
  readonly #folder: string;
  #memory = Buffer.alloc(0);
  #descriptor: number | null = null;
  #size = 0;
  #filled = 0;

  /** `folder` is where a temporary file may lie. */
  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Begins anew, for a file of `size` bytes. */
  begin(size: number): void {
    this.#size = size;
    this.#filled = 0;
    if (size > memoryBytes) this.#descriptor ??= openTemporary(this.#folder);
    // Twice as much as before, so that a layer of growing files is not a new piece of memory for each.
    else if (size > this.#memory.length)
      this.#memory = Buffer.allocUnsafeSlow(Math.min(memoryBytes, Math.max(size, 2 * this.#memory.length)));
  }

  append(piece: Buffer): void {
    if (this.#size <= memoryBytes) piece.copy(this.#memory, this.#filled);
    else {
      for (let written = 0; written < piece.length; )
        written += writeSync(
          this.#descriptor as number,
          piece,
          written,
          piece.length - written,
          this.#filled + written,
        );
    }
    this.#filled += piece.length;
  }

  /** What was appended, as the file `path`, until the next one begins. */
  file(path: string): LayerFile {
    const size = this.#filled;
    const read = (offset: number, length: number) => this.#read(Math.max(0, offset), Math.max(0, length));
    const bytes = () => {
      if (size > wholeFileBytes)
        throw new UnreadableFile(`It is ${size} bytes large; ${wholeFileBytes} are read at most.`);
      return read(0, size);
    };
    const text = () => Buffer.from(bytes()).toString("utf8");
    return { path, size, read, bytes, text };
  }

  #read(offset: number, length: number): Uint8Array {
    const end = Math.min(this.#filled, offset + length);
    if (this.#size <= memoryBytes) return this.#memory.subarray(offset, end);
    const bytes = Buffer.allocUnsafeSlow(Math.max(0, end - offset));
    let there = 0;
    while (there < bytes.length) {
      const got = readSync(this.#descriptor as number, bytes, there, bytes.length - there, offset + there);
      if (got === 0) break;
      there += got;
    }
    return bytes.subarray(0, there);
  }

  [Symbol.dispose](): void {
    if (this.#descriptor !== null) closeSync(this.#descriptor);
  }
}

/** A file without a name: it goes with the process, however that ends. */
function openTemporary(folder: string): number {
  const path = join(folder, `breakwater-${crypto.randomUUID()}`);
  const descriptor = openSync(path, "wx+", 0o600);
  unlinkSync(path);
  return descriptor;
}

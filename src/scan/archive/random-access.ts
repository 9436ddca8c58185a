import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { ArchiveError } from "./archive-error.ts";

/** Bytes of which any part can be had. */
export interface RandomAccess extends Disposable {
  readonly size: number;
  /** The bytes of `[start, start + length)`, all of them; throws `ArchiveError` where there are fewer. */
  read(start: number, length: number): Uint8Array;
}

/** Parts are views, not copies. */
export function accessBytes(bytes: Uint8Array): RandomAccess {
  return {
    size: bytes.length,
    read(start, length) {
      expectWithin(start, length, bytes.length);
      return bytes.subarray(start, start + length);
    },
    [Symbol.dispose]() {},
  };
}

/** A file, which stays open until it is disposed of. */
export function accessFile(path: string): RandomAccess {
  const file = openSync(path, "r");
  const { size } = fstatSync(file);
  return {
    size,
    read(start, length) {
      expectWithin(start, length, size);
      const bytes = Buffer.allocUnsafe(length);
      for (let filled = 0; filled < length; ) {
        const count = readSync(file, bytes, filled, length - filled, start + filled);
        if (count === 0) throw new ArchiveError("It ends in the middle.");
        filled += count;
      }
      return bytes;
    },
    [Symbol.dispose]: () => closeSync(file),
  };
}

function expectWithin(start: number, length: number, size: number): void {
  const fits = Number.isSafeInteger(start) && start >= 0 && length >= 0 && start + length <= size;
  if (!fits) throw new ArchiveError("It points beyond its end: it is truncated or damaged.");
}

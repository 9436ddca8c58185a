import { UnreadableFile } from "./analyzer.ts";

/**
 * Numbers and pieces of a binary format in `data`, by offset. Throws UnreadableFile for whatever lies outside of it, so
 * that no offset or length that a file names has to be checked by who follows it. `what` names the format in the
 * messages.
 */
export class Bytes {
  readonly data: Uint8Array;
  readonly what: string;
  readonly littleEndian: boolean;
  readonly #view: DataView;

  constructor(data: Uint8Array, what: string, littleEndian = true) {
    this.data = data;
    this.what = what;
    this.littleEndian = littleEndian;
    this.#view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  }

  get length(): number {
    return this.data.length;
  }

  u8(at: number): number {
    return this.#view.getUint8(this.#checked(at, 1));
  }

  u16(at: number): number {
    return this.#view.getUint16(this.#checked(at, 2), this.littleEndian);
  }

  u32(at: number): number {
    return this.#view.getUint32(this.#checked(at, 4), this.littleEndian);
  }

  /** Past 2^53 it is rounded, and then far outside of any file. */
  u64(at: number): number {
    return Number(this.#view.getBigUint64(this.#checked(at, 8), this.littleEndian));
  }

  /** A view, not a copy. */
  slice(at: number, length: number): Uint8Array {
    return this.data.subarray(this.#checked(at, length), at + length);
  }

  /** The text from `at` up to a zero byte. */
  cString(at: number): string {
    const room = this.slice(at, this.length - at);
    const length = room.indexOf(0);
    if (length === -1) throw new UnreadableFile(`${this.what}: a text has no end.`);
    return utf8(room.subarray(0, length));
  }

  #checked(at: number, length: number): number {
    if (!Number.isSafeInteger(at) || at < 0 || length < 0 || at + length > this.length)
      throw new UnreadableFile(`${this.what}: it refers to bytes past its end.`);
    return at;
  }
}

/** Text as UTF-8; what is not valid becomes U+FFFD. */
export function utf8(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("utf8");
}

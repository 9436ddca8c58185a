import { UnreadableLayer } from "../layer/unreadable-layer.ts";

/** Headers and contents fill whole blocks. */
export const blockSize = 512;

/** A header as it lies in the archive, before what extended headers say of it. */
export interface Header {
  readonly name: string;
  readonly link: string;
  /** Bytes of content that follow, if this type has any. */
  readonly size: number;
  readonly type: number;
  /** Whether old GNU sparse maps follow the header (GNU tar's manual, "Old GNU Format"). */
  readonly extended: boolean;
}

const offset = { name: 0, size: 124, checksum: 148, type: 156, link: 157, magic: 257, prefix: 345 } as const;
const sparseExtended = 482;
const sparseType = "S".charCodeAt(0);
/** `ustar` with a zero byte: POSIX. GNU has a blank there and no prefix. */
const posixMagic = Buffer.from("ustar\0");
const gnuMagic = Buffer.from("ustar  \0");
/** star's own mark at the end of a header that is POSIX otherwise; its prefix is shorter. */
const starTrailer = Buffer.from("tar\0");

/** The header in the 512 bytes of `block` at `at`; null when they are all zero. Throws UnreadableLayer. */
export function readHeader(block: Buffer, at: number): Header | null {
  const sums = checksums(block, at);
  if (sums.unsigned === emptyChecksum) return null;
  const expected = readNumber(block, at + offset.checksum, 8);
  if (expected !== sums.unsigned && expected !== sums.signed)
    throw new UnreadableLayer("The layer is not a tar archive, or is damaged: a header's checksum is wrong.");
  const type = block[at + offset.type] ?? 0;
  const name = readText(block, at + offset.name, 100);
  const prefix = readPrefix(block, at);
  return {
    name: prefix === "" ? name : `${prefix}/${name}`,
    link: readText(block, at + offset.link, 100),
    size: readNumber(block, at + offset.size, 12),
    type,
    extended: type === sparseType && block[at + sparseExtended] !== 0,
  };
}

function readPrefix(block: Buffer, at: number): string {
  // Most names have none; the comparisons below cost more than this.
  if (block[at + offset.prefix] === 0) return "";
  if (equals(block, at + offset.magic, gnuMagic)) return readMistakenPrefix(block, at);
  if (!equals(block, at + offset.magic, posixMagic)) return "";
  const star = equals(block, at + blockSize - starTrailer.length, starTrailer);
  return readText(block, at + offset.prefix, star ? 131 : 155);
}

/** Old writers of Go's put a prefix where GNU has times: its reader takes for one what is no time. */
function readMistakenPrefix(block: Buffer, at: number): string {
  const times = [at + offset.prefix, at + offset.prefix + 12];
  if (times.every((time) => block[time] === 0 || parseNumber(block, time, 12) !== null)) return "";
  const prefix = readText(block, at + offset.prefix, 155);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are ASCII too.
  return /^[\x00-\x7f]*$/.test(prefix) ? prefix : "";
}

function equals(block: Buffer, at: number, bytes: Buffer): boolean {
  return block.compare(bytes, 0, bytes.length, at, at + bytes.length) === 0;
}

/** Eight blanks, in the place of the checksum, and nothing else. */
const emptyChecksum = 8 * 32;

/** The sum of the block's bytes with its checksum taken as blanks. Old programs took bytes as signed. */
function checksums(block: Buffer, at: number): { unsigned: number; signed: number } {
  let unsigned = emptyChecksum;
  let negative = 0;
  for (let i = at; i < at + blockSize; i++) {
    const byte = block[i] as number;
    unsigned += byte;
    negative += byte >> 7;
  }
  for (let i = at + offset.checksum; i < at + offset.checksum + 8; i++) {
    const byte = block[i] as number;
    unsigned -= byte;
    negative -= byte >> 7;
  }
  return { unsigned, signed: unsigned - 256 * negative };
}

function readText(block: Buffer, at: number, length: number): string {
  let end = at;
  while (end < at + length && block[end] !== 0) end++;
  return block.toString("utf8", at, end);
}

function readNumber(block: Buffer, at: number, length: number): number {
  const value = parseNumber(block, at, length);
  if (value === null)
    throw new UnreadableLayer(
      "The layer is not a tar archive, or is damaged: a header holds no valid number.",
    );
  return value;
}

/** Octal digits among blanks, or GNU's binary form, which the first bit tells of; null for anything else. */
function parseNumber(block: Buffer, at: number, length: number): number | null {
  const first = block[at] as number;
  const end = at + length;
  let value = 0;
  if (first & 0x80) {
    // The second bit is the sign. Nothing that is read here can be negative.
    value = first & 0x40 ? Number.NaN : first & 0x3f;
    for (let i = at + 1; i < end; i++) value = value * 256 + (block[i] as number);
  } else {
    let from = at;
    while (from < end && isPadding(block[from])) from++;
    for (; from < end && !isPadding(block[from]); from++) {
      const digit = (block[from] as number) - 48;
      value = digit >= 0 && digit < 8 ? value * 8 + digit : Number.NaN;
    }
  }
  return Number.isSafeInteger(value) ? value : null;
}

function isPadding(byte: number | undefined): boolean {
  return byte === 32 || byte === 0;
}

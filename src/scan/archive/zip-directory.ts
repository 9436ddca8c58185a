import { ArchiveError } from "./archive-error.ts";
import type { RandomAccess } from "./random-access.ts";

/** A file in a zip archive as the central directory lists it (APPNOTE 6.3, section 4.3.12). */
export interface ZipEntry {
  /** As it is written there: it may be any path at all. Folders end with a slash. */
  readonly name: string;
  /** Uncompressed, as is claimed; not believed when it is read. */
  readonly size: number;
  readonly compressedSize: number;
  readonly crc32: number;
  /** 0 is stored, 8 is deflated. */
  readonly method: number;
  readonly encrypted: boolean;
  /** Where its local header lies. */
  readonly offset: number;
}

/** Where the central directory lies, and by how much all offsets are off: a program may lie before the archive. */
export interface ZipDirectory {
  readonly start: number;
  readonly size: number;
  readonly entries: number;
  readonly shift: number;
}

const endSignature = 0x06054b50;
const endSize = 22;
const longestComment = 0xffff;
const zip64LocatorSignature = 0x07064b50;
const zip64LocatorSize = 20;
const zip64EndSignature = 0x06064b50;
const zip64EndSize = 56;
const entrySignature = 0x02014b50;
const entrySize = 46;
/** A field with this value has its real one in the zip64 extra field (section 4.5.3). */
const elsewhere = 0xffffffff;

/** Finds the central directory from the archive's end (sections 4.3.14 to 4.3.16). */
export function findDirectory(source: RandomAccess): ZipDirectory {
  const tailStart = Math.max(0, source.size - endSize - longestComment);
  const tail = view(source.read(tailStart, source.size - tailStart));
  for (let at = tail.byteLength - endSize; at >= 0; at--) {
    if (tail.getUint32(at, true) !== endSignature) continue;
    if (at + endSize + tail.getUint16(at + 20, true) > tail.byteLength) continue;
    return readEnd(source, tail, at, tailStart + at);
  }
  throw new ArchiveError("It is no zip archive, or its end is missing.");
}

function readEnd(source: RandomAccess, tail: DataView, at: number, position: number): ZipDirectory {
  const entries = tail.getUint16(at + 10, true);
  const size = tail.getUint32(at + 12, true);
  const start = tail.getUint32(at + 16, true);
  const isZip64 = entries === 0xffff || size === elsewhere || start === elsewhere;
  return (isZip64 ? readZip64End(source, position) : null) ?? located(start, size, entries, position);
}

/** Null when there is no such record: the numbers were meant as they stood. */
function readZip64End(source: RandomAccess, endPosition: number): ZipDirectory | null {
  if (endPosition < zip64LocatorSize) return null;
  const locator = view(source.read(endPosition - zip64LocatorSize, zip64LocatorSize));
  if (locator.getUint32(0, true) !== zip64LocatorSignature) return null;
  const position = Number(locator.getBigUint64(8, true));
  const end = view(source.read(position, zip64EndSize));
  if (end.getUint32(0, true) !== zip64EndSignature) throw new ArchiveError("Its zip64 end is damaged.");
  const number = (offset: number) => Number(end.getBigUint64(offset, true));
  return located(number(48), number(40), number(32), position);
}

function located(start: number, size: number, entries: number, endPosition: number): ZipDirectory {
  const shift = endPosition - size - start;
  if (shift < 0) throw new ArchiveError("Its directory does not fit into it: it is truncated or damaged.");
  return { start: start + shift, size, entries, shift };
}

/** The directory's entries in their order. Throws `ArchiveError` where it is damaged. */
export function* readDirectory(source: RandomAccess, directory: ZipDirectory): Generator<ZipEntry> {
  const bytes = source.read(directory.start, directory.size);
  const header = view(bytes);
  let at = 0;
  for (let index = 0; index < directory.entries; index++) {
    if (at + entrySize > bytes.length || header.getUint32(at, true) !== entrySignature)
      throw new ArchiveError("Its directory is damaged.");
    const nameEnd = at + entrySize + header.getUint16(at + 28, true);
    const extraEnd = nameEnd + header.getUint16(at + 30, true);
    const next = extraEnd + header.getUint16(at + 32, true);
    if (next > bytes.length) throw new ArchiveError("Its directory is damaged.");
    const wide = readZip64Extra(header, nameEnd, extraEnd, {
      size: header.getUint32(at + 24, true),
      compressedSize: header.getUint32(at + 20, true),
      offset: header.getUint32(at + 42, true),
    });
    yield {
      name: Buffer.from(bytes.buffer, bytes.byteOffset + at + entrySize, nameEnd - at - entrySize).toString(),
      size: wide.size,
      compressedSize: wide.compressedSize,
      crc32: header.getUint32(at + 16, true),
      method: header.getUint16(at + 10, true),
      encrypted: (header.getUint16(at + 8, true) & 1) === 1,
      offset: wide.offset + directory.shift,
    };
    at = next;
  }
}

type Wide = Pick<ZipEntry, "size" | "compressedSize" | "offset">;

/** Section 4.5.3: those of the three that did not fit follow one another, in this order. */
function readZip64Extra(header: DataView, start: number, end: number, narrow: Wide): Wide {
  if (narrow.size !== elsewhere && narrow.compressedSize !== elsewhere && narrow.offset !== elsewhere)
    return narrow;
  for (let at = start; at + 4 <= end; at += 4 + header.getUint16(at + 2, true)) {
    if (header.getUint16(at, true) !== 1) continue;
    let field = at + 4;
    const fieldsEnd = Math.min(end, field + header.getUint16(at + 2, true));
    const widen = (value: number) => {
      if (value !== elsewhere || field + 8 > fieldsEnd) return value;
      field += 8;
      return Number(header.getBigUint64(field - 8, true));
    };
    const size = widen(narrow.size);
    const compressedSize = widen(narrow.compressedSize);
    return { size, compressedSize, offset: widen(narrow.offset) };
  }
  return narrow;
}

function view(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

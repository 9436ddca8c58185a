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
/** Before each file (section 4.3.7). */
const localSignature = 0x04034b50;
const entrySize = 46;
/** A field with this value has its real one in the zip64 extra field (section 4.5.3). */
const elsewhere = 0xffffffff;

/**
 * Finds the central directory from the archive's end (sections 4.3.14 to 4.3.16), as Java does: what it does not see of
 * an archive that Java runs is in no report. How many entries there are the end only claims: archives of more than
 * 65,535 claim fewer.
 */
export function findDirectory(source: RandomAccess): ZipDirectory {
  const tailStart = Math.max(0, source.size - endSize - longestComment);
  const tail = view(source.read(tailStart, source.size - tailStart));
  for (let at = tail.byteLength - endSize; at >= 0; at--) {
    if (tail.getUint32(at, true) !== endSignature) continue;
    const end = readEnd(tail, at, tailStart + at);
    const isLast = at + endSize + tail.getUint16(at + 20, true) === tail.byteLength;
    // Something may have been put behind it; or these bytes are no end, and only look like one.
    if (isLast || leadsToEntries(source, end)) return located(readZip64End(source, end) ?? end);
  }
  throw new ArchiveError("It is no zip archive, or its end is missing.");
}

/** What an end says, and where it lies itself. */
interface End {
  readonly entries: number;
  readonly size: number;
  readonly start: number;
  readonly position: number;
}

function readEnd(tail: DataView, at: number, position: number): End {
  const [size, start] = [tail.getUint32(at + 12, true), tail.getUint32(at + 16, true)];
  return { entries: tail.getUint16(at + 10, true), size, start, position };
}

/** Whether the directory begins where the end says, and what lies at the beginning of the archive is an entry. */
function leadsToEntries(source: RandomAccess, { size, start, position }: End): boolean {
  const directory = position - size;
  const first = directory - start;
  if (first < 0 || size < 4) return false;
  const signatureAt = (offset: number) => view(source.read(offset, 4)).getUint32(0, true);
  return signatureAt(directory) === entrySignature && signatureAt(first) === localSignature;
}

/** Null when there is no such record, or another archive's: then the numbers of `end` were meant as they stood. */
function readZip64End(source: RandomAccess, end: End): End | null {
  if (end.position < zip64LocatorSize) return null;
  const locator = view(source.read(end.position - zip64LocatorSize, zip64LocatorSize));
  if (locator.getUint32(0, true) !== zip64LocatorSignature) return null;
  const position = Number(locator.getBigUint64(8, true));
  if (position + zip64EndSize > source.size) return null;
  const record = view(source.read(position, zip64EndSize));
  if (record.getUint32(0, true) !== zip64EndSignature) return null;
  const number = (offset: number) => Number(record.getBigUint64(offset, true));
  const wide = { entries: number(32), size: number(40), start: number(48), position };
  const agree =
    (end.entries === 0xffff || end.entries === wide.entries) &&
    (end.size === elsewhere || end.size === wide.size) &&
    (end.start === elsewhere || end.start === wide.start);
  return agree ? wide : null;
}

function located({ start, size, position }: End): ZipDirectory {
  const shift = position - size - start;
  if (shift < 0) throw new ArchiveError("Its directory does not fit into it: it is truncated or damaged.");
  return { start: start + shift, size, shift };
}

/** The directory's entries in their order. Throws `ArchiveError` where it is damaged. */
export function* readDirectory(source: RandomAccess, directory: ZipDirectory): Generator<ZipEntry> {
  const bytes = source.read(directory.start, directory.size);
  const header = view(bytes);
  for (let at = 0; at < bytes.length; ) {
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

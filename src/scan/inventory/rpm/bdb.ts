import { UnreadableFile } from "../analyzer.ts";
import { Bytes } from "../bytes.ts";

const what = "The rpm database (Berkeley DB)";
const hashMagic = 0x061561;
const hashMetaPage = 8;
const versions = { first: 7, last: 10 };
const pageHeader = 26;
const pageType = { hashUnsorted: 2, overflow: 7, hash: 13 } as const;
const item = { inline: 1, offPage: 3 } as const;

/**
 * The headers in `Packages`, a hash of Berkeley DB: pages with pairs of a package's number and its header, which
 * as a rule lies in a chain of pages of its own. Either byte order. Pages are read in the order of the file; the
 * buckets that they belong to do not matter. Throws UnreadableFile for a damaged file.
 */
export function* bdbHeaders(data: Uint8Array): Generator<Uint8Array> {
  const { bytes, pageSize, pages } = openHash(data);
  for (let number = 1; number < pages; number++) {
    const page = number * pageSize;
    const type = bytes.u8(page + 25);
    if (type !== pageType.hash && type !== pageType.hashUnsorted) continue;
    const entries = bytes.u16(page + 20);
    // Items lie from the page's end towards its start, a key before its value.
    const offset = (index: number) => (index < 0 ? pageSize : bytes.u16(page + pageHeader + index * 2));
    for (let value = 1; value < entries; value += 2) {
      const start = offset(value);
      const length = offset(value - 1) - start;
      if (start < pageHeader || start + length > pageSize || length < 1)
        throw new UnreadableFile(`${what} has a damaged page.`);
      // The package of number 0 is the count of them.
      if (isZero(bytes.slice(page + offset(value - 1), offset(value - 2) - offset(value - 1)))) continue;
      yield valueAt(bytes, page + start, length, pageSize);
    }
  }
}

/** The first page says how the others are to be read. */
function openHash(data: Uint8Array) {
  const littleEndian = new Bytes(data, what).u32(12) === hashMagic;
  const bytes = new Bytes(data, what, littleEndian);
  const version = bytes.u32(16);
  const pageSize = bytes.u32(20);
  const encrypted = bytes.u8(24) !== 0;
  const checksummed = (bytes.u8(26) & 1) !== 0;
  const known = bytes.u32(12) === hashMagic && bytes.u8(25) === hashMetaPage;
  if (!known || version < versions.first || version > versions.last || encrypted || checksummed)
    throw new UnreadableFile(`${what} has another format.`);
  if (pageSize < 512 || pageSize > 65_536 || (pageSize & (pageSize - 1)) !== 0)
    throw new UnreadableFile(`${what} has pages of ${pageSize} bytes.`);
  const pages = bytes.u32(32) + 1;
  if (pages * pageSize > data.length) throw new UnreadableFile(`${what} is cut off.`);
  return { bytes, pageSize, pages };
}

function isZero(key: Uint8Array): boolean {
  return key.subarray(1).every((byte) => byte === 0);
}

function valueAt(bytes: Bytes, at: number, length: number, pageSize: number): Uint8Array {
  const type = bytes.u8(at);
  if (type === item.inline) return bytes.slice(at + 1, length - 1);
  if (type !== item.offPage) throw new UnreadableFile(`${what} has a value of an unknown kind.`);
  return chain(bytes, bytes.u32(at + 4), bytes.u32(at + 8), pageSize);
}

/** The `total` bytes that lie in the pages from `first` on. Each page adds some, so a circle comes to its end too. */
function chain(bytes: Bytes, first: number, total: number, pageSize: number): Uint8Array {
  if (total > bytes.length) throw new UnreadableFile(`${what} has a value longer than itself.`);
  const value = new Uint8Array(total);
  let filled = 0;
  for (let number = first; filled < total; ) {
    const page = number * pageSize;
    const length = bytes.u16(page + 22);
    if (number === 0 || bytes.u8(page + 25) !== pageType.overflow || length === 0 || filled + length > total)
      throw new UnreadableFile(`${what} has a damaged chain of pages.`);
    value.set(bytes.slice(page + pageHeader, length), filled);
    filled += length;
    number = bytes.u32(page + 16);
  }
  return value;
}

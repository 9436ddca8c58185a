import { UnreadableFile } from "../analyzer.ts";
import { Bytes, utf8 } from "../bytes.ts";

const what = "An rpm header";
const entrySize = 16;
/** Of rpm itself (`headerhdr`, HEADER_TAGS_MAX). */
const maxEntries = 65_535;
/** Some packages have files by the hundred thousand. */
const maxTexts = 2_000_000;
const type = { int32: 4, string: 6, stringArray: 8, i18nString: 9 } as const;

export const tag = {
  name: 1000,
  version: 1001,
  release: 1002,
  epoch: 1003,
  vendor: 1011,
  license: 1014,
  architecture: 1022,
  sourceRpm: 1044,
  directoryIndexes: 1116,
  baseNames: 1117,
  directoryNames: 1118,
  modularityLabel: 5096,
} as const;

interface Entry {
  readonly type: number;
  readonly offset: number;
  readonly count: number;
}

/**
 * A package's header as rpm's database holds it: two lengths, an index, and the data that the index refers to, all
 * big-endian. Throws UnreadableFile for one that is not whole; a tag is read when it is asked for.
 */
export class Header {
  readonly #entries = new Map<number, Entry>();
  readonly #data: Bytes;

  constructor(blob: Uint8Array) {
    const bytes = new Bytes(blob, what, false);
    const entries = bytes.u32(0);
    const length = bytes.u32(4);
    if (entries === 0 || entries > maxEntries) throw new UnreadableFile(`${what} has ${entries} entries.`);
    this.#data = new Bytes(bytes.slice(8 + entries * entrySize, length), what, false);
    for (let index = 0; index < entries; index++) {
      const at = 8 + index * entrySize;
      // What was added after the package was built comes last, and replaces what was there.
      this.#entries.set(bytes.u32(at), {
        type: bytes.u32(at + 4),
        offset: bytes.u32(at + 8),
        count: bytes.u32(at + 12),
      });
    }
  }

  /** The first string of a tag; undefined without the tag. */
  string(tag: number): string | undefined {
    const entry = this.#entries.get(tag);
    if (entry === undefined) return undefined;
    if (entry.type !== type.string && entry.type !== type.stringArray && entry.type !== type.i18nString)
      throw new UnreadableFile(`${what} has no text in its tag ${tag}.`);
    return this.#data.cString(entry.offset);
  }

  strings(tag: number): readonly string[] {
    const entry = this.#entries.get(tag);
    if (entry === undefined) return [];
    if (entry.type !== type.stringArray) throw new UnreadableFile(`${what} has no texts in its tag ${tag}.`);
    if (entry.count > maxTexts) throw new UnreadableFile(`${what} has ${entry.count} texts in one tag.`);
    const { data } = this.#data;
    const texts: string[] = [];
    for (let at = entry.offset, left = entry.count; left > 0; left--) {
      const end = data.indexOf(0, at);
      if (end === -1) throw new UnreadableFile(`${what}: a text has no end.`);
      texts.push(utf8(data.subarray(at, end)));
      at = end + 1;
    }
    return texts;
  }

  integers(tag: number): readonly number[] {
    const entry = this.#entries.get(tag);
    if (entry === undefined) return [];
    if (entry.type !== type.int32) throw new UnreadableFile(`${what} has no numbers in its tag ${tag}.`);
    const bytes = new Bytes(this.#data.slice(entry.offset, entry.count * 4), what, false);
    return Array.from({ length: entry.count }, (_, index) => bytes.u32(index * 4));
  }
}

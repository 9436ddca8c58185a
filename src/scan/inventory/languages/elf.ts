import { type LayerFile, UnreadableFile } from "../analyzer.ts";
import { Bytes } from "../bytes.ts";

const what = "The executable (ELF)";
const magic = [0x7f, 0x45, 0x4c, 0x46];
const types = { executable: 2, shared: 3 } as const;
const maxSections = 65_536;
const maxNames = 16 * 1024 * 1024;
/** A section that takes no room in the file. */
const noBits = 8;
const loadable = 1;
/** Flags of a segment. */
const [executable, writable] = [1, 2] as const;

/** Where the fields lie in files of 32 and of 64 bits (System V ABI, chapters 4 and 5). */
const layouts = {
  32: {
    header: 52,
    segments: { at: 28, size: 42, count: 44, entry: 32, offset: 4, address: 8, length: 16, flags: 24 },
    sections: { at: 32, size: 46, count: 48, names: 50, entry: 40, offset: 16, length: 20, link: 24 },
  },
  64: {
    header: 64,
    segments: { at: 32, size: 54, count: 56, entry: 56, offset: 8, address: 16, length: 32, flags: 4 },
    sections: { at: 40, size: 58, count: 60, names: 62, entry: 64, offset: 24, length: 32, link: 40 },
  },
} as const;

/** A stretch of the file. */
export interface Stretch {
  readonly offset: number;
  readonly size: number;
}

/** By the first bytes of a file: something that is run, and no object file or kernel module. */
export function isExecutable(head: Uint8Array): boolean {
  if (head.length < layouts[32].header || magic.some((byte, index) => head[index] !== byte)) return false;
  const type = new Bytes(head, what, head[5] === 1).u16(16);
  return type === types.executable || type === types.shared;
}

/** An ELF file of either width and byte order. Throws UnreadableFile for tables that are not whole. */
export class Elf {
  readonly #littleEndian: boolean;
  readonly #file: LayerFile;
  readonly #layout: (typeof layouts)[32 | 64];
  readonly #header: Bytes;

  constructor(file: LayerFile) {
    const head = file.read(0, layouts[64].header);
    this.#file = file;
    this.#littleEndian = head[5] === 1;
    this.#layout = head[4] === 1 ? layouts[32] : layouts[64];
    this.#header = new Bytes(head, what, this.#littleEndian);
  }

  get hasSections(): boolean {
    return this.#word(this.#header, this.#layout.sections.at) !== 0;
  }

  /** The content of the first section of that name that has any. */
  section(name: string): Stretch | undefined {
    if (!this.hasSections) return undefined;
    const { offset, length, entry } = this.#layout.sections;
    const { table, count, names } = this.#sectionTable();
    const wanted = Buffer.from(`${name}\0`, "latin1");
    const all = Buffer.from(names.data.buffer, names.data.byteOffset, names.length);
    // Hardly any file has it.
    if (!all.includes(wanted)) return undefined;
    for (let at = 0; at < count * entry; at += entry) {
      const nameAt = table.u32(at);
      if (table.u32(at + 4) === noBits) continue;
      if (!all.subarray(nameAt, nameAt + wanted.length).equals(wanted)) continue;
      return { offset: this.#word(table, at + offset), size: this.#word(table, at + length) };
    }
    return undefined;
  }

  /** Where in the file the bytes lie that are at this address when it runs; undefined where zeroes are, or nothing. */
  offsetOf(address: number): number | undefined {
    for (const segment of this.#loaded()) {
      const into = address - segment.address;
      if (into >= 0 && into < segment.size) return segment.offset + into;
    }
    return undefined;
  }

  /** The first segment of what a program may write to and not run; undefined where there is none. */
  get dataSegment(): Stretch | undefined {
    return this.#loaded().find(({ flags }) => (flags & (executable | writable)) === writable);
  }

  #loaded() {
    const { at, size, count, entry, offset, address, length, flags } = this.#layout.segments;
    const segments = this.#header.u16(count);
    if (segments === 0) return [];
    if (this.#header.u16(size) !== entry)
      throw new UnreadableFile(`${what} has a damaged table of segments.`);
    const table = this.#table(this.#word(this.#header, at), segments * entry);
    return Array.from({ length: segments }, (_, index) => index * entry)
      .filter((row) => table.u32(row) === loadable)
      .map((row) => ({
        offset: this.#word(table, row + offset),
        size: this.#word(table, row + length),
        address: this.#word(table, row + address),
        flags: table.u32(row + flags),
      }));
  }

  #sectionTable(): { table: Bytes; count: number; names: Bytes } {
    const { at, size, count: countAt, names: namesAt, entry, offset, length, link } = this.#layout.sections;
    const start = this.#word(this.#header, at);
    if (this.#header.u16(size) !== entry)
      throw new UnreadableFile(`${what} has a damaged table of sections.`);
    // Numbers that do not fit are in the first section, which is none otherwise.
    const first = this.#table(start, entry);
    const count = this.#header.u16(countAt) || this.#word(first, length);
    const namesIndex = this.#header.u16(namesAt) === 0xffff ? first.u32(link) : this.#header.u16(namesAt);
    if (count > maxSections) throw new UnreadableFile(`${what} has ${count} sections.`);
    const table = this.#table(start, count * entry);
    const names = namesIndex * entry;
    const namesSize = this.#word(table, names + length);
    if (namesSize > maxNames) throw new UnreadableFile(`${what} has ${namesSize} bytes of names.`);
    return { table, count, names: this.#table(this.#word(table, names + offset), namesSize) };
  }

  #table(offset: number, size: number): Bytes {
    return new Bytes(readWhole(this.#file, { offset, size }), what, this.#littleEndian);
  }

  /** An address, an offset or a length: as wide as the file's kind. */
  #word(bytes: Bytes, at: number): number {
    return this.#layout === layouts[32] ? bytes.u32(at) : bytes.u64(at);
  }
}

/** Throws UnreadableFile where the file ends before the stretch does. */
export function readWhole(file: LayerFile, { offset, size }: Stretch): Uint8Array {
  if (!Number.isSafeInteger(offset + size) || offset + size > file.size)
    throw new UnreadableFile(`${what} refers to bytes past its end.`);
  return file.read(offset, size);
}

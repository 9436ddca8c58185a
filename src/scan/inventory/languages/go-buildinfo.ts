import { type LayerFile, UnreadableFile } from "../analyzer.ts";
import { Bytes, utf8 } from "../bytes.ts";
import { type Elf, readWhole, type Stretch } from "./elf.ts";

const what = "The build information of a Go program";
const magic = Buffer.from("\xff Go buildinf:", "latin1");
const alignment = 16;
const headerSize = 32;
const flag = { bigEndian: 1, inline: 2 } as const;
const maxVersion = 1024;
const maxModules = 16 * 1024 * 1024;
const chunk = 1024 * 1024;
/** Around the list of modules, so that debuggers find it. */
const marker = 16;

export interface BuildInfo {
  /** `go1.22.3`, with what its builder has added. */
  readonly goVersion: string;
  /** Lines with tabs: `mod`, `dep`, `=>` and their values. */
  readonly modules: string;
}

/**
 * What Go's linker has written into a program, as `debug/buildinfo` of Go reads it; undefined where there is none.
 * `elf` is null for other formats, whose old build information (before Go 1.18) is not read. Throws UnreadableFile
 * for what is damaged.
 */
export function readBuildInfo(file: LayerFile, within: Stretch, elf: Elf | null): BuildInfo | undefined {
  const at = find(file, within);
  if (at === undefined) return undefined;
  const header = new Bytes(readWhole(file, { offset: at, size: headerSize }), what);
  const isInline = (header.u8(15) & flag.inline) !== 0;
  const [version, modules] = isInline ? inline(file, at + headerSize) : pointedTo(file, header, elf);
  if (version.length === 0) throw new UnreadableFile(`${what} does not say by which Go.`);
  return { goVersion: utf8(version), modules: utf8(modules.subarray(marker, -marker)) };
}

/** The Go version, and the list of modules with its markers. */
type Texts = readonly [Uint8Array, Uint8Array];

/** It begins at a multiple of 16. Where that is not followed by a width and flags, it is a text of the program's own. */
function find(file: LayerFile, { offset, size }: Stretch): number | undefined {
  const end = Math.min(offset + size, file.size);
  for (let start = offset; start < end; start += chunk) {
    const piece = Buffer.from(file.read(start, Math.min(chunk + alignment, end - start)));
    for (let at = piece.indexOf(magic); at !== -1; at = piece.indexOf(magic, at + 1)) {
      const [width = 0, flags = 0xff] = piece.subarray(at + magic.length);
      if ((start + at) % alignment === 0 && (width === 4 || width === 8) && flags < 4) return start + at;
    }
  }
  return undefined;
}

/** From Go 1.18 on: both texts follow, each after its length. */
function inline(file: LayerFile, offset: number): Texts {
  const version = inlineText(file, offset, maxVersion);
  return [version.text, inlineText(file, version.end, maxModules).text];
}

function inlineText(file: LayerFile, offset: number, most: number): { text: Uint8Array; end: number } {
  let length = 0;
  let at = offset;
  for (let shift = 0, more = true; more; shift += 7, at++) {
    const byte = readWhole(file, { offset: at, size: 1 })[0] ?? 0;
    length += (byte & 0x7f) * 2 ** shift;
    more = byte >= 0x80;
    if (length > most || shift > 28) throw new UnreadableFile(`${what} is longer than may be.`);
  }
  return { text: readWhole(file, { offset: at, size: length }), end: at + length };
}

/** Up to Go 1.17: the addresses of both texts' headers, which have their address and length. */
function pointedTo(file: LayerFile, header: Bytes, elf: Elf | null): Texts {
  if (elf === null) throw new UnreadableFile("A Go program that is no ELF file was built by Go before 1.18.");
  const width = header.u8(14);
  const littleEndian = (header.u8(15) & flag.bigEndian) === 0;
  const read = (bytes: Bytes, at: number) => (width === 4 ? bytes.u32(at) : bytes.u64(at));
  const pointers = new Bytes(header.data, what, littleEndian);
  const textOf = (pointer: number, most: number) => {
    const place = elf.offsetOf(pointer);
    // A variable that was never set has no bytes in the file: the list of a program built without modules.
    if (place === undefined) return new Uint8Array();
    const text = new Bytes(readWhole(file, { offset: place, size: 2 * width }), what, littleEndian);
    const size = read(text, width);
    if (size > most) throw new UnreadableFile(`${what} is longer than may be.`);
    return size === 0
      ? new Uint8Array()
      : readWhole(file, { offset: elf.offsetOf(read(text, 0)) ?? file.size, size });
  };
  return [textOf(read(pointers, 16), maxVersion), textOf(read(pointers, 16 + width), maxModules)];
}

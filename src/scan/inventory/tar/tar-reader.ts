import { UnreadableLayer } from "../layer/unreadable-layer.ts";
import { blockSize, type Header, readHeader } from "./block.ts";
import { type Extension, readPax } from "./pax.ts";

export interface TarEntry {
  /** As the archive has it: with whatever slashes and dots. */
  readonly name: string;
  readonly kind: "file" | "folder" | "symlink" | "hardlink" | "other";
  /** Where a link points to. */
  readonly link: string;
  /** Bytes of content in the archive. */
  readonly size: number;
  /** The content is not the file's own: runs of zero bytes are left out, and there may be a map before it. */
  readonly sparse: boolean;
}

export interface TarHandler {
  /** Says whether the content is wanted. If so, `data` and `end` follow. */
  entry(entry: TarEntry): boolean;
  /** A piece of the content, which is there only for the time of the call. */
  data(piece: Buffer): void;
  end(): void;
}

interface Said {
  readonly pax?: Extension;
  readonly longName?: string;
  readonly longLink?: string;
}

/** A longer name, and longer extended headers, are refused: what Go's reader, and so container engines, take. */
const maxExtension = 1024 * 1024;

const kinds: Readonly<Record<string, TarEntry["kind"]>> = {
  ...{ "\0": "file", 0: "file", 7: "file", S: "file" },
  ...{ 1: "hardlink", 2: "symlink", 5: "folder" },
};
/** Links, devices, folders and pipes have no content, whatever size their headers name. */
const withoutContent = new Set("123456");

/**
 * Reads a tar archive as it comes: ustar, GNU and PAX, in one pass and without a copy. It follows Go's reader, which
 * container engines unpack layers with: global extended headers do not count, and nothing behind the end is looked at.
 */
export class TarReader {
  readonly #handler: TarHandler;
  /** A header that came in two pieces. */
  readonly #block = Buffer.alloc(blockSize);
  #filled = 0;
  /** Content that is still to come, and where it goes. */
  #remaining = 0;
  /** Bytes to leave out: the rest of content that is not wanted, and what fills its last block. */
  #skip = 0;
  /** Content of an extended header as far as it is there, and its type; null where none is being read. */
  #extension: { readonly type: string; readonly pieces: Buffer[] } | null = null;
  /** What extended headers have said of the entry that comes. */
  #said: Said = {};
  /** The sparse file whose maps are being read: its content follows them. */
  #sparse: Header | null = null;
  #zeroBlocks = 0;

  constructor(handler: TarHandler) {
    this.#handler = handler;
  }

  /** True when the archive has ended: nothing that follows belongs to it. */
  get ended(): boolean {
    return this.#zeroBlocks === 2;
  }

  /** True when a block of zeros has come, with which archives end. */
  get sawEnd(): boolean {
    return this.#zeroBlocks > 0;
  }

  /** Takes the next bytes. Throws UnreadableLayer. */
  feed(bytes: Uint8Array): void {
    const chunk = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    let at = 0;
    while (at < chunk.length && !this.ended) {
      const there = chunk.length - at;
      if (this.#remaining > 0) {
        const taken = Math.min(there, this.#remaining);
        this.#content(chunk.subarray(at, at + taken));
        at += taken;
      } else if (this.#skip > 0) {
        const taken = Math.min(there, this.#skip);
        this.#skip -= taken;
        at += taken;
      } else if (this.#filled === 0 && there >= blockSize) {
        this.#header(chunk, at);
        at += blockSize;
      } else {
        const taken = chunk.copy(this.#block, this.#filled, at);
        this.#filled += taken;
        at += taken;
        if (this.#filled < blockSize) continue;
        this.#filled = 0;
        this.#header(this.#block, 0);
      }
    }
  }

  /** To be called when no more bytes come. Throws UnreadableLayer when that is too early. */
  finish(): void {
    if (this.ended) return;
    const open = this.#filled + this.#remaining + this.#skip > 0 || this.#sparse !== null;
    if (open || Object.keys(this.#said).length > 0)
      throw new UnreadableLayer("The layer ends in the middle of its tar archive.");
  }

  #content(piece: Buffer): void {
    this.#remaining -= piece.length;
    if (this.#extension === null) this.#handler.data(piece);
    else this.#extension.pieces.push(Buffer.from(piece));
    if (this.#remaining > 0) return;
    if (this.#extension === null) this.#handler.end();
    else this.#endExtension();
  }

  #header(block: Buffer, at: number): void {
    if (this.#sparse !== null) {
      if (block[at + 504] === 0) this.#begin(this.#sparse);
      return;
    }
    const header = readHeader(block, at);
    if (header === null) {
      this.#zeroBlocks++;
      return;
    }
    if (this.#zeroBlocks > 0)
      throw new UnreadableLayer("The layer is a damaged tar archive: it ends and goes on.");
    const type = String.fromCharCode(header.type);
    if (type === "x" || type === "L" || type === "K") this.#beginExtension(type, header.size);
    else if (type === "g") {
      this.#skip = padded(header.size);
      // For Go it is an entry of its own: what was said before it is of no other.
      this.#said = {};
    } else if (header.extended) this.#sparse = header;
    else this.#begin(header);
  }

  #beginExtension(type: string, size: number): void {
    if (size > maxExtension)
      throw new UnreadableLayer(
        `The layer holds an extended tar header of ${size} bytes; ${maxExtension} are the most.`,
      );
    this.#extension = { type, pieces: [] };
    this.#remaining = size;
    this.#skip = padded(size) - size;
    if (size === 0) this.#endExtension();
  }

  #endExtension(): void {
    const { type, pieces } = this.#extension ?? { type: "", pieces: [] };
    this.#extension = null;
    const content = Buffer.concat(pieces);
    if (type === "x") this.#said = { ...this.#said, pax: readPax(content) };
    else if (type === "L") this.#said = { ...this.#said, longName: untilZero(content) };
    else this.#said = { ...this.#said, longLink: untilZero(content) };
  }

  #begin(header: Header): void {
    const { pax = {}, longName, longLink } = this.#said;
    const name = longName || pax.sparseName || pax.path || header.name;
    const said = String.fromCharCode(header.type);
    // The oldest archives have no type for folders, and tell of them by the slash.
    const type = said === "\0" && name.endsWith("/") ? "5" : said;
    const size = withoutContent.has(type) ? 0 : (pax.size ?? header.size);
    this.#said = {};
    this.#sparse = null;
    const wanted = this.#handler.entry({
      name,
      kind: kinds[type] ?? "other",
      link: longLink || pax.link || header.link,
      size,
      sparse: pax.sparse === true || type === "S",
    });
    this.#remaining = wanted ? size : 0;
    this.#skip = padded(size) - this.#remaining;
    if (wanted && size === 0) this.#handler.end();
  }
}

function untilZero(content: Buffer): string {
  const zero = content.indexOf(0);
  return content.toString("utf8", 0, zero === -1 ? content.length : zero);
}

function padded(size: number): number {
  return Math.ceil(size / blockSize) * blockSize;
}

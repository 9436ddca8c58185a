import { tmpdir } from "node:os";
import { type Header, pack } from "tar-stream";
import type { Analyzer } from "../../../src/scan/inventory/analyzer.ts";
import { analyzers as allAnalyzers } from "../../../src/scan/inventory/analyzers.ts";
import { type LayerReading, readLayer } from "../../../src/scan/inventory/layer/layer-reader.ts";
import { defaultLimits, type LayerLimits } from "../../../src/scan/inventory/layer/limits.ts";

export interface Entry extends Pick<Header, "name">, Partial<Pick<Header, "type" | "linkname">> {
  readonly content?: string | Buffer;
  readonly pax?: Record<string, string>;
}

export const file = (name: string, content: string | Buffer = ""): Entry => ({ name, content });
export const folder = (name: string): Entry => ({ name, type: "directory" });
export const symlink = (name: string, linkname: string): Entry => ({ name, type: "symlink", linkname });
export const hardLink = (name: string, linkname: string): Entry => ({ name, type: "link", linkname });

/** A tar archive by another hand than the reader's. */
export async function archive(entries: readonly Entry[]): Promise<Buffer> {
  const tar = pack();
  for (const { content = "", ...header } of entries) tar.entry({ ...header }, content);
  tar.finalize();
  return Buffer.concat(await Array.fromAsync(tar as AsyncIterable<Buffer>));
}

/** A header of its own making, for what no sane program writes. */
export function header(fields: {
  name?: string;
  size?: number | string;
  type?: string;
  link?: string;
}): Buffer {
  const block = Buffer.alloc(512);
  block.write(fields.name ?? "", 0, 100);
  block.write("0000644\0", 100);
  const { size = 0 } = fields;
  block.write(typeof size === "string" ? size : size.toString(8).padStart(11, "0"), 124, 12, "latin1");
  block.write(fields.type ?? "0", 156);
  block.write(fields.link ?? "", 157, 100);
  block.write("ustar\x0000", 257);
  return withChecksum(block);
}

/** Writes a header's checksum into it. */
export function withChecksum(block: Buffer): Buffer {
  block.write("        ", 148);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  return block;
}

export const end = Buffer.alloc(1024);

/** Content, filled up to whole blocks. */
export function blocks(content: string | Buffer): Buffer {
  const bytes = Buffer.from(content as string);
  return Buffer.concat([bytes, Buffer.alloc((512 - (bytes.length % 512)) % 512)]);
}

export interface ReadOptions {
  readonly analyzers?: readonly Analyzer[];
  readonly limits?: Partial<LayerLimits>;
  readonly links?: LayerReading["missedLinks"];
  readonly temporaryFolder?: string;
  /** Bytes of each piece in which the layer comes. */
  readonly piece?: number;
}

/** Reads a layer in this process. */
export function read(bytes: Buffer, options: ReadOptions = {}): Promise<LayerReading> {
  const { analyzers = allAnalyzers, links = [], piece = 64 * 1024, temporaryFolder = tmpdir() } = options;
  const limits = { ...defaultLimits, ...options.limits };
  return readLayer(pieces(bytes, piece), { analyzers, limits, links, temporaryFolder });
}

async function* pieces(bytes: Buffer, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

/** Finds a package in every file whose name begins with `p`: its content is the package's name. */
export const byContent: Analyzer = {
  type: "npm",
  wants: (_, name) => name.startsWith("p"),
  *analyze(found) {
    const name = found.text();
    const nothing = { architecture: null, source: null, module: null, vendor: null, licenses: [] };
    yield { package: { type: "npm", name, version: "1", ...nothing } };
  },
};

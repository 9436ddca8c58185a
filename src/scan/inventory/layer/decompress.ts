import { pipeline, Readable } from "node:stream";
import { createGunzip, createZstdDecompress } from "node:zlib";
import { isZstd } from "../../archive/decompress.ts";
import { UnreadableLayer } from "./unreadable-layer.ts";

const chunkSize = 256 * 1024;

/** Compressions by their first bytes: what a layer's media type says need not be so. */
const magics = [
  { bytes: Buffer.from([0x1f, 0x8b]), name: "gzip" },
  { bytes: Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a]), name: "xz" },
  { bytes: Buffer.from("BZh"), name: "bzip2" },
] as const;

export interface Decompressed {
  readonly bytes: AsyncIterable<Uint8Array>;
  /**
   * Whether the end of what was compressed is checked. Of zstd's frames a last one that is cut short ends without
   * an error.
   */
  readonly endIsChecked: boolean;
}

/**
 * What a layer's bytes hold: gzip of one or many members, zstd of one or many frames, or themselves. Iterating throws
 * UnreadableLayer when they cannot be unpacked.
 */
export async function decompress(compressed: AsyncIterable<Uint8Array>): Promise<Decompressed> {
  const source = compressed[Symbol.asyncIterator]();
  const head = await readHead(source, 8);
  if (head.length === 0) throw new UnreadableLayer("The layer is empty.");
  const all = continued(head, source);
  const compression = isZstd(head)
    ? "zstd"
    : magics.find(({ bytes }) => head.subarray(0, bytes.length).equals(bytes))?.name;
  switch (compression) {
    case "gzip":
      return { bytes: through(createGunzip({ chunkSize }), all, compression), endIsChecked: true };
    case "zstd":
      return { bytes: through(createZstdDecompress({ chunkSize }), all, compression), endIsChecked: false };
    case undefined:
      return { bytes: all, endIsChecked: true };
    default:
      throw new UnreadableLayer(
        `The layer is compressed with ${compression}, which is not read. Push it with gzip or zstd.`,
      );
  }
}

async function readHead(source: AsyncIterator<Uint8Array>, length: number): Promise<Buffer> {
  let head = Buffer.alloc(0);
  while (head.length < length) {
    const { done, value } = await source.next();
    if (done) break;
    head = Buffer.concat([head, value]);
  }
  return head;
}

async function* continued(head: Uint8Array, rest: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield head;
  for (let next = await rest.next(); !next.done; next = await rest.next()) yield next.value;
}

async function* through(
  decompressor: NodeJS.ReadWriteStream & AsyncIterable<Buffer>,
  source: AsyncIterable<Uint8Array>,
  name: string,
): AsyncGenerator<Uint8Array> {
  pipeline(Readable.from(source), decompressor, () => {});
  try {
    yield* decompressor;
  } catch (error) {
    throw new UnreadableLayer(`The layer cannot be unpacked (${name}): ${(error as Error).message}.`);
  }
}

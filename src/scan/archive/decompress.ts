import { pipeline, Readable } from "node:stream";
import { constants, createGunzip, createZstdDecompress } from "node:zlib";
import { ArchiveError } from "./archive-error.ts";

const chunkSize = 128 * 1024;
const gzip = Buffer.from([0x1f, 0x8b]);
const zstd = Buffer.from([0x28, 0xb5, 0x2f, 0xfd]);
/** Behind a first byte of 0x50 to 0x5f: a frame that is to be skipped (RFC 8878, section 3.1.2). */
const skippable = Buffer.from([0x2a, 0x4d, 0x18]);

/** What gzip or zstd have packed, told by its first bytes; anything else as it is. Iterating throws `ArchiveError`. */
export async function* decompress(packed: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const { head, all } = await peek(packed, zstd.length);
  const program = startsWith(head, gzip)
    ? createGunzip({ chunkSize })
    : isZstd(head)
      ? // The default refuses what `zstd --long` writes.
        createZstdDecompress({ chunkSize, params: { [constants.ZSTD_d_windowLogMax]: 27 } })
      : null;
  if (program === null) return yield* all;
  // The reader below learns of each failure by iterating.
  pipeline(Readable.from(all, { objectMode: false }), program, () => {});
  try {
    yield* program as AsyncIterable<Uint8Array>;
  } catch (error) {
    throw new ArchiveError(`It cannot be decompressed: ${(error as Error).message}.`, { cause: error });
  }
}

/** By the first bytes of its first frame. */
export function isZstd(head: Uint8Array): boolean {
  return startsWith(head, zstd) || ((head[0] ?? 0) >> 4 === 5 && startsWith(head.subarray(1), skippable));
}

/** The first bytes, fewer where there are no more, and all of them once again. */
export async function peek(
  chunks: AsyncIterable<Uint8Array>,
  length: number,
): Promise<{ head: Uint8Array; all: AsyncIterable<Uint8Array> }> {
  const source = chunks[Symbol.asyncIterator]();
  const parts: Uint8Array[] = [];
  for (let held = 0; held < length; ) {
    const { done, value } = await source.next();
    if (done === true) break;
    parts.push(value);
    held += value.length;
  }
  const head = Buffer.concat(parts);
  return { head, all: again(head, source) };
}

async function* again(head: Uint8Array, rest: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    if (head.length > 0) yield head;
    for (let next = await rest.next(); next.done !== true; next = await rest.next()) yield next.value;
  } finally {
    await rest.return?.();
  }
}

function startsWith(bytes: Uint8Array, magic: Buffer): boolean {
  return bytes.length >= magic.length && magic.equals(bytes.subarray(0, magic.length));
}

import { Readable } from "node:stream";
import { createZstdCompress, createZstdDecompress } from "node:zlib";
import { BreakwaterError } from "../../kernel/index.ts";

export function compressed(pieces: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  return Readable.from(pieces).compose(createZstdCompress());
}

/** Throws FEED_INVALID when it is not what zstd made. */
export async function* decompressed(pieces: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  try {
    yield* Readable.from(pieces).compose(createZstdDecompress()) as AsyncIterable<Uint8Array>;
  } catch (cause) {
    if (cause instanceof BreakwaterError) throw cause;
    throw new BreakwaterError("FEED_INVALID", "It is no whole file of zstd's.", { cause });
  }
}

/*
 * How an upload lies in a bucket, whose objects can neither be appended to nor be read before they are complete:
 *
 *     breakwater/uploads/<id>/<start>-<fence>-<length>
 *
 * Each chunk is an object of its own, written once and never changed. `start` is where in the upload it begins,
 * `fence` the number of the writer that wrote it. A chunk that a flush cuts short is written again, longer, under
 * another name. The upload's content is read off the names: at each place the chunk of the latest writer, and of
 * its chunks there the longest; the next one begins where that ends.
 *
 * Why a writer that was thought dead does no harm: whoever goes on begins its first chunk where the last
 * acknowledged one begins, with the bytes of that, and so has its own chunk at every place where the other may
 * still write. Its fence is larger, hence its chunk counts.
 *
 * Why not one multipart upload from the first byte, as Docker Distribution has it: its parts cannot be read back
 * for a hash by another copy of the program, all but the last need 5 MiB, so that a flush could not make less
 * durable, and the key must be named before the digest is known, so that the bytes are copied in the end anyway.
 */
export interface Chunk {
  readonly key: string;
  readonly start: number;
  readonly fence: number;
  readonly length: number;
}

const pattern = /\/(\d{14})-(\d{16})-(\d{12})$/;

export function chunkAt(stagedKey: string, start: number, fence: number, length: number): Chunk {
  const digits = (value: number, width: number) => String(value).padStart(width, "0");
  const key = `${stagedKey}/${digits(start, 14)}-${digits(fence, 16)}-${digits(length, 12)}`;
  return { key, start, fence, length };
}

function parseChunk(key: string): Chunk | null {
  const match = pattern.exec(key);
  if (match === null) return null;
  const [, start, fence, length] = match;
  return { key, start: Number(start), fence: Number(fence), length: Number(length) };
}

/** The chunks that make up the first `end` bytes, or as many of them as there are. */
export function chainOf(keys: Iterable<string>, end = Number.POSITIVE_INFINITY): Chunk[] {
  const best = new Map<number, Chunk>();
  for (const key of keys) {
    const chunk = parseChunk(key);
    if (chunk === null) continue;
    const rival = best.get(chunk.start);
    if (rival === undefined || compare(chunk, rival) > 0) best.set(chunk.start, chunk);
  }
  const chain: Chunk[] = [];
  for (let at = 0; at < end; ) {
    const chunk = best.get(at);
    if (chunk === undefined) break;
    chain.push(chunk);
    at += chunk.length;
  }
  return chain;
}

function compare(a: Chunk, b: Chunk): number {
  return a.fence - b.fence || a.length - b.length;
}

/** Where a chain ends. */
export function lengthOf(chain: readonly Chunk[]): number {
  const last = chain.at(-1);
  return last === undefined ? 0 : last.start + last.length;
}

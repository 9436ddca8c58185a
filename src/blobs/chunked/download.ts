import type { Readable } from "node:stream";
import { labelOf, storageFailed } from "./failures.ts";
import { notePassed } from "./garbage.ts";
import type { Part, RequestRange } from "./object-service.ts";

/** Milliseconds without a byte after which a download is taken up anew on another connection. */
const silenceLimit = 15_000;
/** Connections in a row that may bring nothing before a download fails. */
const fruitless = 4;

/** The bytes `[start, end)` of an object, of which `length` are there. */
export interface OpenObject {
  readonly length: number;
  readonly pieces: AsyncGenerator<Uint8Array>;
}

/** Throws BLOB_UNKNOWN when there is no such object. `pieces` goes on by itself when a connection breaks. */
export async function openObject(
  request: RequestRange,
  key: string,
  start = 0,
  end = Number.POSITIVE_INFINITY,
): Promise<OpenObject> {
  const first = await request(key, start, end);
  if (first === null) return { length: 0, pieces: nothing() };
  return { length: first.length, pieces: piecesOf(request, key, start, start + first.length, first) };
}

async function* nothing(): AsyncGenerator<Uint8Array> {}

async function* piecesOf(
  request: RequestRange,
  key: string,
  start: number,
  end: number,
  first: Part,
): AsyncGenerator<Uint8Array> {
  let at = start;
  let failures = 0;
  for (let part: Part | null = first; part !== null; part = await request(key, at, end)) {
    try {
      for await (const piece of withoutSilence(part.body)) {
        at += piece.length;
        failures = 0;
        yield piece;
      }
      if (at >= end) return;
      throw new Error(`The connection ended ${end - at} bytes early.`);
    } catch (error) {
      if (++failures >= fruitless) throw storageFailed(labelOf(error), error);
    }
  }
}

/** The time counts while we wait for the service, not while our client takes its time. */
async function* withoutSilence(body: Readable): AsyncGenerator<Uint8Array> {
  const pieces: AsyncIterator<Uint8Array> = body[Symbol.asyncIterator]();
  try {
    for (;;) {
      const timer = setTimeout(
        () => body.destroy(new Error(`Nothing came for ${silenceLimit} ms.`)),
        silenceLimit,
      );
      const { done, value } = await pieces.next().finally(() => clearTimeout(timer));
      if (done) return;
      yield value;
    }
  } finally {
    body.destroy();
  }
}

/** As the body of an answer; an error ends the client's connection, so that nobody takes a part for the whole. */
export function toStream(pieces: AsyncGenerator<Uint8Array>): ReadableStream<Uint8Array> {
  return new ReadableStream(
    {
      async pull(controller) {
        const { done, value } = await pieces.next();
        if (done) {
          controller.close();
        } else {
          controller.enqueue(value);
          notePassed(value.length);
        }
      },
      async cancel() {
        await pieces.return(undefined);
      },
    },
    { highWaterMark: 0 },
  );
}

/** Bytes that fit into memory. Throws BLOB_UNKNOWN when there is no such object. */
export async function readWhole(
  request: RequestRange,
  key: string,
  start?: number,
  end?: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const { length, pieces } = await openObject(request, key, start, end);
  const content = new Uint8Array(length);
  let at = 0;
  for await (const piece of pieces) {
    content.set(piece, at);
    at += piece.length;
  }
  return content;
}

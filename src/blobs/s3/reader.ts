import { Readable } from "node:stream";
import { GetObjectCommand } from "@aws-sdk/client-s3";
import { BreakwaterError } from "../../kernel/index.ts";
import { type Bucket, expectFromS3 } from "./bucket.ts";
import { isBeyondEnd, isMissing, unavailable } from "./errors.ts";

/** Milliseconds without a byte after which a download is taken up anew on another connection. */
const silenceLimit = 15_000;
/** Connections in a row that may bring nothing before a download fails. */
const fruitless = 4;

interface Part {
  /** Bytes that are to come. */
  readonly length: number;
  readonly body: Readable;
}

/** The bytes `[start, end)` of an object, of which `length` are there. */
export interface OpenObject {
  readonly length: number;
  readonly pieces: AsyncGenerator<Uint8Array>;
}

/** Throws BLOB_UNKNOWN when there is no such object. `pieces` goes on by itself when a connection breaks. */
export async function openObject(
  bucket: Bucket,
  key: string,
  start = 0,
  end = Number.POSITIVE_INFINITY,
): Promise<OpenObject> {
  const first = await request(bucket, key, start, end);
  if (first === null) return { length: 0, pieces: nothing() };
  return { length: first.length, pieces: piecesOf(bucket, key, start, start + first.length, first) };
}

async function* nothing(): AsyncGenerator<Uint8Array> {}

async function* piecesOf(
  bucket: Bucket,
  key: string,
  start: number,
  end: number,
  first: Part,
): AsyncGenerator<Uint8Array> {
  let at = start;
  let failures = 0;
  for (let part: Part | null = first; part !== null; part = await request(bucket, key, at, end)) {
    try {
      for await (const piece of withoutSilence(part.body)) {
        at += piece.length;
        failures = 0;
        yield piece;
      }
      if (at >= end) return;
      throw new Error(`The connection ended ${end - at} bytes early.`);
    } catch (error) {
      if (++failures >= fruitless) throw unavailable(error);
    }
  }
}

/** Null when there is nothing in the range. */
async function request(bucket: Bucket, key: string, start: number, end: number): Promise<Part | null> {
  if (end <= start) return null;
  const whole = start === 0 && !Number.isFinite(end);
  const range = whole ? null : `bytes=${start}-${Number.isFinite(end) ? end - 1 : ""}`;
  try {
    return await bucket.attempt(async (signal) => {
      const input = { ...bucket.object(key), ...(range === null ? {} : { Range: range }) };
      const {
        Body,
        ContentLength = 0,
        ETag,
      } = await bucket.downloads.send(new GetObjectCommand(input), signal);
      expectFromS3(ETag);
      if (!(Body instanceof Readable)) throw new Error("The client library gave no stream.");
      return { length: ContentLength, body: Body };
    });
  } catch (error) {
    if (isBeyondEnd(error)) return null;
    if (!isMissing(error)) throw unavailable(error);
    throw new BreakwaterError(
      "BLOB_UNKNOWN",
      "The registry's storage has lost the content. Push it again; breakwater fsck tells what else is missing.",
      { cause: error },
    );
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
        if (done) controller.close();
        else controller.enqueue(value);
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
  bucket: Bucket,
  key: string,
  start?: number,
  end?: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const { length, pieces } = await openObject(bucket, key, start, end);
  const content = new Uint8Array(length);
  let at = 0;
  for await (const piece of pieces) {
    content.set(piece, at);
    at += piece.length;
  }
  return content;
}

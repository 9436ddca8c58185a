import { Readable } from "node:stream";
import { GetObjectCommand } from "@aws-sdk/client-s3";
import { expectGiven } from "../chunked/attempts.ts";
import { contentLost } from "../chunked/failures.ts";
import { type Part, type RequestRange, rangeOf } from "../chunked/object-service.ts";
import type { Bucket } from "./bucket.ts";
import { isBeyondEnd, isMissing, unavailable } from "./errors.ts";

/** Reads from the bucket by `chunked/download.ts`. */
export function requestsTo(bucket: Bucket): RequestRange {
  return (key, start, end) => request(bucket, key, start, end);
}

/** Null when there is nothing in the range. */
async function request(bucket: Bucket, key: string, start: number, end: number): Promise<Part | null> {
  if (end <= start) return null;
  const range = rangeOf(start, end);
  try {
    return await bucket.attempt(async (signal) => {
      const input = { ...bucket.object(key), ...(range === null ? {} : { Range: range }) };
      const {
        Body,
        ContentLength = 0,
        ETag,
      } = await bucket.downloads.send(new GetObjectCommand(input), signal);
      expectGiven(ETag);
      if (!(Body instanceof Readable)) throw new Error("The client library gave no stream.");
      return { length: ContentLength, body: Body };
    });
  } catch (error) {
    if (isBeyondEnd(error)) return null;
    if (!isMissing(error)) throw unavailable(error);
    throw contentLost(error);
  }
}

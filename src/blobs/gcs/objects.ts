import { createHash } from "node:crypto";
import { z } from "zod";
import { expectGiven, headWithin, limitFor } from "../chunked/attempts.ts";
import { contentLost } from "../chunked/failures.ts";
import { type Part, rangeOf } from "../chunked/object-service.ts";
import { redirectHeaders } from "../chunked/redirect-rule.ts";
import type { ObjectInfo } from "../object-store.ts";
import type { Question } from "./api.ts";
import type { Bucket } from "./bucket.ts";
import { isBeyondEnd, isMissing, unavailable } from "./errors.ts";

/** What is asked of single objects. Each throws UNAVAILABLE when the service fails. */

/** What the service says of an object: `size` in bytes, `updated` in milliseconds since 1970. */
export const resource = z.object({
  name: z.string(),
  size: z
    .string()
    .regex(/^\d{1,15}$/)
    .transform(Number),
  updated: z.iso.datetime().transform(Date.parse),
  /** Of its bytes, in Base64; objects put together have none. */
  md5Hash: z.string().optional(),
});

const page = z.object({
  kind: z.literal("storage#objects"),
  items: z.array(resource).default([]),
  nextPageToken: z.string().optional(),
});

export async function putObject(
  bucket: Bucket,
  key: string,
  content: Uint8Array,
  patience?: number,
): Promise<void> {
  const md5 = createHash("md5").update(content).digest("base64");
  const question = {
    method: "POST",
    path: `/upload${bucket.objects}`,
    query: { uploadType: "media", name: bucket.name(key) },
    headers: { "content-type": redirectHeaders.contentType },
    content,
  } as const;
  await bucket.attempts
    .run(
      async ({ abortSignal }) => {
        const stored = await bucket.api.ask(question, resource, abortSignal);
        if (stored.md5Hash !== md5) throw new Error("The storage took other bytes than were sent");
      },
      limitFor(content.length),
      patience,
    )
    .catch(refuse);
}

export async function statObject(bucket: Bucket, key: string): Promise<ObjectInfo | null> {
  try {
    const { size, updated } = await bucket.attempts.run(({ abortSignal }) =>
      bucket.api.ask({ method: "GET", path: bucket.path(key) }, resource, abortSignal),
    );
    return { key, size, modifiedAt: updated };
  } catch (error) {
    if (isMissing(error)) return null;
    throw unavailable(error);
  }
}

export async function removeObject(bucket: Bucket, key: string, time?: number): Promise<void> {
  await bucket.attempts
    .within(time, ({ abortSignal }) =>
      bucket.api.ask({ method: "DELETE", path: bucket.path(key) }, z.unknown(), abortSignal),
    )
    .catch((error) => {
      if (!isMissing(error)) refuse(error);
    });
}

/** Everything below `folder` in the bucket, in the order of the names. */
export async function* listObjects(bucket: Bucket, folder: string): AsyncGenerator<ObjectInfo> {
  const fields = "kind,nextPageToken,items(name,size,updated)";
  const filter = { prefix: bucket.name(`${folder}/`), maxResults: "1000", fields };
  let next: string | undefined;
  do {
    const query = { ...filter, ...(next === undefined ? {} : { pageToken: next }) };
    const question: Question = { method: "GET", path: bucket.objects, query };
    const { items, nextPageToken } = await bucket.attempts
      .run(({ abortSignal }) => bucket.api.ask(question, page, abortSignal))
      .catch(refuse);
    for (const { name, size, updated } of items) {
      yield { key: bucket.keyOf(name), size, modifiedAt: updated };
    }
    next = nextPageToken;
  } while (next !== undefined);
}

/** As `ObjectService.request`. */
export async function requestObject(
  bucket: Bucket,
  key: string,
  start: number,
  end: number,
): Promise<Part | null> {
  if (end <= start) return null;
  const range = rangeOf(start, end);
  try {
    return await bucket.attempts.run(({ abortSignal }) =>
      headWithin(abortSignal, (signal) => answer(bucket, key, range, signal)),
    );
  } catch (error) {
    if (isBeyondEnd(error)) return null;
    throw isMissing(error) ? contentLost(error) : unavailable(error);
  }
}

async function answer(
  bucket: Bucket,
  key: string,
  range: string | null,
  abortSignal: AbortSignal,
): Promise<Part> {
  const headers = range === null ? {} : { range };
  const question = { method: "GET", path: bucket.path(key), query: { alt: "media" }, headers } as const;
  const body = await bucket.api.open(question, abortSignal);
  expectGiven(body.headers["x-goog-generation"]);
  // Something on the way may pass over the range, and the bytes would be taken for others.
  if (range !== null) expectGiven(body.headers["content-range"]);
  return { length: Number(expectGiven(body.headers["content-length"])), body };
}

function refuse(error: unknown): never {
  throw unavailable(error);
}

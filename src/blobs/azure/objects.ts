import { Readable } from "node:stream";
import type { ContainerListBlobFlatSegmentResponse } from "@azure/storage-blob";
import { expectGiven, headWithin, limitFor } from "../chunked/attempts.ts";
import { contentLost } from "../chunked/failures.ts";
import type { Part } from "../chunked/object-service.ts";
import { Pieces } from "../chunked/pieces.ts";
import { redirectHeaders } from "../chunked/redirect-rule.ts";
import type { ObjectInfo } from "../object-store.ts";
import type { Container } from "./container.ts";
import { isBeyondEnd, isMissing, isOtherKind, unavailable } from "./errors.ts";

/** What is asked of single blobs. Each throws UNAVAILABLE when the service fails, STORAGE_FULL where it is full. */

/** What a blob is stored with. */
export const settings = { blobHTTPHeaders: { blobContentType: redirectHeaders.contentType } };

export async function putBlob(
  container: Container,
  key: string,
  content: Uint8Array,
  patience?: number,
): Promise<void> {
  await replacing(container, key, () =>
    container.attempts.run(
      async (signal) => {
        const options = { ...settings, ...signal };
        const { etag } = await container.blob(key).upload(() => new Pieces(content), content.length, options);
        expectGiven(etag);
      },
      limitFor(content.length),
      patience,
    ),
  );
}

/** Does `write`; a blob's kind cannot be changed, and so one of another kind is removed first. */
export async function replacing(
  container: Container,
  key: string,
  write: () => Promise<unknown>,
): Promise<void> {
  try {
    await write().catch(async (error) => {
      if (!isOtherKind(error)) throw error;
      await removeBlob(container, key);
      await write();
    });
  } catch (error) {
    throw unavailable(error);
  }
}

export async function statBlob(container: Container, key: string): Promise<ObjectInfo | null> {
  try {
    const { contentLength = 0, lastModified } = await container.attempts.run(async (signal) => {
      const properties = await container.blob(key).getProperties(signal);
      expectGiven(properties.etag);
      return properties;
    });
    return { key, size: contentLength, modifiedAt: lastModified?.getTime() ?? 0 };
  } catch (error) {
    if (isMissing(error)) return null;
    throw unavailable(error);
  }
}

export async function removeBlob(container: Container, key: string, time?: number): Promise<void> {
  try {
    await container.attempts.within(time, (signal) => container.blob(key).delete(signal));
  } catch (error) {
    if (!isMissing(error)) throw unavailable(error);
  }
}

/** Everything below `folder` in the container, in the order of the names. */
export async function* listBlobs(container: Container, folder: string): AsyncGenerator<ObjectInfo> {
  const prefix = container.path(`${folder}/`);
  let next: string | undefined;
  do {
    const from = { maxPageSize: 1000, ...(next === undefined ? {} : { continuationToken: next }) };
    const page = await container.attempts
      .run(async (signal) => {
        const { value } = await container.client
          .listBlobsFlat({ prefix, ...signal })
          .byPage(from)
          .next()
          .catch(explain);
        return expectGiven<ContainerListBlobFlatSegmentResponse>(value);
      })
      .catch((error) => {
        throw unavailable(error);
      });
    for (const { name, properties } of page.segment.blobItems) {
      const { contentLength = 0, lastModified } = properties;
      yield { key: container.keyOf(name), size: contentLength, modifiedAt: lastModified.getTime() };
    }
    next = page.continuationToken;
  } while (next);
}

/** Of an empty answer, which is not the service's, the library says so in its own way. */
function explain(error: unknown): never {
  throw error instanceof TypeError ? new Error("The answer is not the storage's", { cause: error }) : error;
}

/** As `ObjectService.request`. */
export async function requestBlob(
  container: Container,
  key: string,
  start: number,
  end: number,
): Promise<Part | null> {
  if (end <= start) return null;
  const count = Number.isFinite(end) ? end - start : undefined;
  try {
    return await container.attempts.run(({ abortSignal }) =>
      // Its signal would have the library cut off the bytes too.
      headWithin(abortSignal, (signal) => answer(container, key, start, count, signal)),
    );
  } catch (error) {
    if (isBeyondEnd(error)) return null;
    throw isMissing(error) ? contentLost(error) : unavailable(error);
  }
}

async function answer(
  container: Container,
  key: string,
  start: number,
  count: number | undefined,
  abortSignal: AbortSignal,
): Promise<Part> {
  const options = { abortSignal, maxRetryRequests: 0 };
  const { readableStreamBody, contentLength, etag } = await container
    .blob(key)
    .download(start, count, options);
  expectGiven(etag);
  if (!(readableStreamBody instanceof Readable)) throw new Error("The client library gave no stream.");
  return { length: contentLength ?? 0, body: readableStreamBody };
}

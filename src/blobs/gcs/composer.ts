import { copyLimitFor } from "../chunked/attempts.ts";
import { readWhole } from "../chunked/download.ts";
import { expectSize } from "../chunked/failures.ts";
import type { Piece } from "../chunked/object-service.ts";
import { redirectHeaders } from "../chunked/redirect-rule.ts";
import { inParallel } from "../turns.ts";
import type { Bucket } from "./bucket.ts";
import { unavailable } from "./errors.ts";
import { putObject, requestObject, resource } from "./objects.ts";

/** The service's own limit: objects that one request puts together. */
const mostSources = 32;
/** Requests at once that put together groups. */
const composesAtOnce = 16;

interface Source {
  readonly key: string;
  readonly length: number;
}

/**
 * Makes one object out of several, on the server, which copies no bytes for it. More than one request may name are
 * put together in groups first, and these in groups again. `scratch` is the folder for them; whoever calls empties it.
 */
export async function compose(
  bucket: Bucket,
  pieces: readonly Piece[],
  target: string,
  scratch: string,
): Promise<void> {
  if (pieces.length === 0) return putObject(bucket, target, new Uint8Array());
  let sources: readonly Source[] = await inParallel(pieces, 1, (piece) => whole(bucket, piece, scratch));
  for (let level = 0; sources.length > mostSources; level++) {
    sources = await inParallel(groupsOf(sources), composesAtOnce, (group, index) =>
      join(bucket, group, `${scratch}/group-${level}-${index}`),
    );
  }
  await join(bucket, sources, target);
}

/** Of a piece that shall not be used to its end, a copy that ends there: only whole objects can be put together. */
async function whole(bucket: Bucket, { key, length, size }: Piece, scratch: string): Promise<Source> {
  if (length === size) return { key, length };
  const copy = `${scratch}/cut-${key.slice(key.lastIndexOf("/") + 1)}`;
  await putObject(bucket, copy, await readWhole(requestObject.bind(null, bucket), key, 0, length));
  return { key: copy, length };
}

function groupsOf(sources: readonly Source[]): Source[][] {
  return Array.from({ length: Math.ceil(sources.length / mostSources) }, (_, index) =>
    sources.slice(index * mostSources, (index + 1) * mostSources),
  );
}

async function join(bucket: Bucket, sources: readonly Source[], target: string): Promise<Source> {
  const length = sources.reduce((sum, source) => sum + source.length, 0);
  const order = {
    sourceObjects: sources.map(({ key }) => ({ name: bucket.name(key) })),
    destination: { contentType: redirectHeaders.contentType },
  };
  const question = {
    method: "POST",
    path: `${bucket.path(target)}/compose`,
    headers: { "content-type": "application/json" },
    content: Buffer.from(JSON.stringify(order)),
  } as const;
  const { size } = await bucket.attempts
    .run(({ abortSignal }) => bucket.api.ask(question, resource, abortSignal), copyLimitFor(length))
    .catch((error) => {
      throw unavailable(error);
    });
  expectSize(size, length);
  return { key: target, length };
}

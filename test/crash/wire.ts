import type { Content } from "../support/image.ts";
import type { RepositoryClient } from "../support/registry-client.ts";
import { locationOf, withDigest } from "../support/registry-client.ts";
import type { Random } from "./random.ts";

/** The connection ended before an answer: what became of the request, nobody knows. */
export class Unanswered extends Error {}

/** An answer, or Unanswered. */
export async function ask(
  client: RepositoryClient,
  path: string,
  init: BunFetchRequestInit,
): Promise<Response> {
  try {
    const response = await client.fetch(path, { ...init, signal: AbortSignal.timeout(60_000) });
    return response;
  } catch (cause) {
    throw new Unanswered(path, { cause });
  }
}

const octets = { "content-type": "application/octet-stream" };

export async function describeAnswer(response: Response): Promise<string> {
  return `${response.status} ${await response.text().catch(() => "(cut off)")}`;
}

/** Brings a blob by one of the ways that clients use; null when it was acknowledged, else what was answered. */
export async function bringBlob(
  client: RepositoryClient,
  blob: Content,
  random: Random,
  mountFrom: string,
): Promise<string | null> {
  if (random.chance(0.5)) {
    const head = await ask(client, `/blobs/${blob.digest}`, { method: "HEAD" });
    if (head.status === 200) return null;
  }
  if (random.chance(0.3)) {
    const query = `mount=${blob.digest}&from=${mountFrom}`;
    const mounted = await ask(client, `/blobs/uploads/?${query}`, { method: "POST" });
    if (mounted.status === 201) return null;
  }
  if (random.chance(0.3)) {
    const path = `/blobs/uploads/?digest=${blob.digest}`;
    const whole = await ask(client, path, { method: "POST", headers: octets, body: blob.bytes });
    return whole.status === 201 ? null : describeAnswer(whole);
  }
  const begun = await ask(client, "/blobs/uploads/", { method: "POST" });
  if (begun.status !== 202) return describeAnswer(begun);
  const location = locationOf(begun);
  const chunks = random.between(0, 3);
  const size = Math.ceil(blob.size / Math.max(1, chunks));
  for (let from = 0; chunks > 0 && from < blob.size; from += size) {
    const chunk = blob.bytes.slice(from, from + size);
    const headers = { ...octets, "content-range": `${from}-${from + chunk.length - 1}` };
    const streamed = random.chance(0.5);
    const response = await ask(client, location, {
      method: "PATCH",
      headers: streamed ? octets : headers,
      body: streamed ? stream(chunk) : chunk,
    });
    if (response.status !== 202) return describeAnswer(response);
  }
  const rest = chunks === 0 ? { headers: octets, body: blob.bytes } : {};
  const finished = await ask(client, withDigest(location, blob.digest), { method: "PUT", ...rest });
  return finished.status === 201 ? null : describeAnswer(finished);
}

/** Sent in parts and without a length. */
function stream(bytes: Uint8Array<ArrayBuffer>): ReadableStream<Uint8Array> {
  const part = Math.ceil(bytes.length / 4);
  let at = 0;
  return new ReadableStream({
    async pull(controller) {
      if (at >= bytes.length) return controller.close();
      await Bun.sleep(1);
      controller.enqueue(bytes.slice(at, at + part));
      at += part;
    },
  });
}

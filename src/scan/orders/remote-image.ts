import { BreakwaterError, type Digest, minute, type ProxyChoice, second } from "../../kernel/index.ts";
import type { Login } from "../feeds/feed.ts";
import { type Layer, readManifest } from "../feeds/sources/oci/manifest.ts";
import { RegistryClient } from "../feeds/sources/oci/registry.ts";
import {
  composeImage,
  ImageBudget,
  type ImageInventory,
  type ImageLayer,
  inspectLayer,
} from "../inventory/index.ts";
import { type Order, requireRegistry } from "./order.ts";

export interface RemoteOptions {
  /** Hosts, with their ports, that images may be pulled from. */
  readonly registries: readonly string[];
  /** A file of authorities in PEM form, besides the system's. */
  readonly caBundle: string | null;
  readonly proxy: (url: URL) => ProxyChoice;
}

/** How long a registry may be silent. */
const patience = 30 * second;
/** How long it may take in all to get and read an image. */
export const longestOrder = 15 * minute;
/** Bytes of a layer as it is sent. */
const maxLayer = 10 * 2 ** 30;

/**
 * Reads what is inside an image of another registry. Nothing of what this registry has is used for it: who names a
 * layer's digest may not have the right to what is in it. Throws UNAVAILABLE, or FORBIDDEN where the registry sends us
 * to a host that is not among `registries`.
 */
export async function inspectRemote(
  { registries, caBundle, proxy }: RemoteOptions,
  { origin, repository, digest, authorization }: Order,
  outer: AbortSignal,
): Promise<ImageInventory> {
  const signal = AbortSignal.any([outer, AbortSignal.timeout(longestOrder)]);
  const guard = (url: URL) => requireRegistry(url, registries);
  const reach = { caBundle, proxy, patience, signal, guard };
  const reference = { origin, repository, tag: "latest", digest: digest as Digest };
  const client = new RegistryClient(reference, loginOf(authorization), reach, "pull");
  const source = `oci${origin.startsWith("http:") ? "+http" : ""}://${new URL(origin).host}/${repository}@${digest}`;
  const { layers } = await readManifest(client, source);
  const read = new Map<string, ImageLayer>();
  const budget = new ImageBudget();
  for (const layer of layers) {
    if (!read.has(layer.digest)) read.set(layer.digest, await inspect(client, layer, budget, signal));
  }
  return composeImage(layers.flatMap((layer) => read.get(layer.digest) ?? []));
}

async function inspect(
  client: RegistryClient,
  { digest }: Layer,
  budget: ImageBudget,
  signal: AbortSignal,
): Promise<ImageLayer> {
  if (budget.isSpent) return budget.refuse(digest);
  const open = async () => verified(await bytesOf(client, digest), digest);
  const result = await inspectLayer(open, { signal });
  if ("failure" in result) {
    // Who has ordered the scan shall not take a report of it for the last word.
    if (result.mayPass) throw new Error(`${digest}: ${result.failure}`);
    return { digest, failure: result.failure };
  }
  return budget.take(digest, result.inventory) ?? { digest, failure: "What was read of it is no inventory." };
}

async function bytesOf(client: RegistryClient, digest: Digest): Promise<AsyncIterable<Uint8Array>> {
  const answer = await client.ask(`/blobs/${digest}`);
  if (answer.status === 200) return answer.body();
  await answer.discard();
  throw new BreakwaterError("UNAVAILABLE", `The layer ${digest} is answered with ${answer.status}.`);
}

/** The bytes, which fail at their end when they are not what the digest says. */
function verified(bytes: AsyncIterable<Uint8Array>, digest: Digest): ReadableStream<Uint8Array> {
  async function* checked() {
    const hash = new Bun.CryptoHasher(digest.startsWith("sha512:") ? "sha512" : "sha256");
    let size = 0;
    for await (const chunk of bytes) {
      hash.update(chunk);
      size += chunk.length;
      if (size > maxLayer)
        throw new BreakwaterError("UNAVAILABLE", `The layer ${digest} is longer than is read.`);
      yield chunk;
    }
    if (digest.endsWith(`:${hash.digest("hex")}`)) return;
    throw new BreakwaterError("UNAVAILABLE", `The layer ${digest} is not what its digest says.`);
  }
  const chunks = checked();
  return new ReadableStream({
    async pull(controller) {
      const { done, value } = await chunks.next();
      if (done) controller.close();
      else controller.enqueue(value);
    },
    async cancel() {
      await chunks.return();
    },
  });
}

/** What registries are shown: the robot that the order came with, or its token. */
function loginOf(authorization: string | null): Login {
  if (authorization === null) return { kind: "none" };
  const [, scheme = "", value = ""] = /^(\w+)\s+(\S+)$/.exec(authorization) ?? [];
  if (scheme.toLowerCase() === "bearer") return { kind: "bearer", token: value };
  const decoded = Buffer.from(value, "base64").toString("utf8");
  const colon = decoded.indexOf(":");
  if (scheme.toLowerCase() !== "basic" || colon < 0) {
    throw new BreakwaterError("BAD_REQUEST", "registry.authorization is neither Basic nor Bearer.");
  }
  return { kind: "basic", username: decoded.slice(0, colon), password: decoded.slice(colon + 1) };
}

import type { Peer } from "../peers/peer.ts";
import type { Bench } from "../scenario.ts";
import { patchFile } from "./curl.ts";
import type { Layer } from "./layer.ts";
import { RegistryClient } from "./registry-client.ts";

export function layerSize(bench: Bench): number {
  return bench.quick ? 2 ** 26 : 2 ** 30;
}

/**
 * Pushes in Docker's three steps (POST, PATCH with the stream, PUT with the digest). Returns the seconds
 * that they took together: a server may do its work in any of them.
 */
export async function pushLayer(
  peer: Peer,
  repository: string,
  layer: Layer,
  digest: string,
): Promise<number> {
  const client = await RegistryClient.open(peer, repository);
  const headers = await peer.authorization([repository]);
  const started = performance.now();
  const post = await client.send("POST", "blobs/uploads/", 202);
  const upload = new URL(post.headers.get("location") ?? "", peer.origin);
  const ca = peer.certificate.certificate;
  const next = new URL(await patchFile({ url: upload.href, headers, ca }, layer.path), peer.origin);
  next.searchParams.set("digest", digest);
  await client.send("PUT", next.href, 201);
  return (performance.now() - started) / 1000;
}

import { existsSync } from "node:fs";
import { join } from "node:path";
import { BreakwaterError, minute } from "../../../kernel/index.ts";
import type { Access } from "../feed.ts";
import { hashOf } from "../shelf.ts";
import type { DownloadOptions } from "../sources/download.ts";
import { pullLayer } from "../sources/oci/artifact.ts";
import { manifestType, readManifest } from "../sources/oci/manifest.ts";
import { parseOciReference } from "../sources/oci/reference.ts";
import { RegistryClient } from "../sources/oci/registry.ts";
import { signatureFileOf } from "./write.ts";

const artifactType = "application/vnd.breakwater.vulnerability-database.v1";
const bundleType = `${artifactType}.tar`;
const signatureType = `${artifactType}.signature`;
const emptyType = "application/vnd.oci.empty.v1+json";
/** A registry may take its time over a large layer. */
const patience = 10 * minute;

/** Stores a bundle, and its signature where it has one, as an artifact; answers its digest. Throws UNAVAILABLE. */
export async function pushBundle(
  bundle: string,
  to: string,
  access: Access,
  signal: AbortSignal,
): Promise<string> {
  const reference = parseOciReference(to);
  if (reference.digest !== null) throw new BreakwaterError("BAD_REQUEST", `Name a tag, not a digest: ${to}`);
  const client = new RegistryClient(reference, access.login, { ...access, patience, signal }, "pull,push");
  const signature = signatureFileOf(bundle);
  const layers = [await pushBlob(client, Bun.file(bundle), bundle, bundleType, "vulnerability-database.tar")];
  if (existsSync(signature)) {
    const name = "vulnerability-database.tar.sig";
    layers.push(await pushBlob(client, Bun.file(signature), signature, signatureType, name));
  }
  const empty = new Blob(["{}"]);
  const config = await pushBlob(client, empty, null, emptyType, null);
  const manifest = JSON.stringify({
    schemaVersion: 2,
    mediaType: manifestType,
    artifactType,
    config,
    layers,
  });
  const headers = { "Content-Type": manifestType };
  const answer = await client.ask(`/manifests/${reference.tag}`, { method: "PUT", headers, body: manifest });
  await answer.discard();
  if (answer.status !== 201) throw refused(to, answer.status);
  return `sha256:${Bun.CryptoHasher.hash("sha256", manifest, "hex")}`;
}

async function pushBlob(
  client: RegistryClient,
  body: Blob,
  file: string | null,
  mediaType: string,
  title: string | null,
) {
  const sha256 =
    file === null ? Bun.CryptoHasher.hash("sha256", await body.bytes(), "hex") : await hashOf(file);
  const digest = `sha256:${sha256}`;
  const annotations = title === null ? {} : { annotations: { "org.opencontainers.image.title": title } };
  const descriptor = { mediaType, digest, size: body.size, ...annotations };
  const present = await client.ask(`/blobs/${digest}`, { method: "HEAD" });
  await present.discard();
  if (present.status === 200) return descriptor;
  const begun = await client.ask("/blobs/uploads/", { method: "POST" });
  await begun.discard();
  const location = URL.parse(begun.headers.get("location") ?? "", begun.url.href);
  if (begun.status !== 202 || location === null) throw refused(begun.url.origin, begun.status);
  location.searchParams.set("digest", digest);
  const headers = { "Content-Type": "application/octet-stream" };
  const answer = await client.ask(location.href, { method: "PUT", headers, body });
  await answer.discard();
  if (answer.status !== 201) throw refused(begun.url.origin, answer.status);
  return descriptor;
}

function refused(where: string, status: number): BreakwaterError {
  const advice =
    status === 401 || status === 403
      ? " Name an account that may push there, with --username and --password-stdin."
      : "";
  return new BreakwaterError(
    "UNAVAILABLE",
    `${where} does not take the bundle: it answers with ${status}.${advice}`,
  );
}

/** Fetches a bundle into a folder, its signature beside it; answers its path. Throws UNAVAILABLE. */
export async function pullBundle(
  from: string,
  access: Access,
  folder: string,
  signal: AbortSignal,
  options: DownloadOptions,
): Promise<string> {
  const reach = { ...access, patience: minute, signal };
  const client = new RegistryClient(parseOciReference(from), access.login, reach, "pull");
  const { layers } = await readManifest(client, from);
  const layer = layers.find(({ mediaType }) => mediaType === bundleType);
  if (layer === undefined) {
    throw new BreakwaterError("BAD_REQUEST", `${from} is no bundle of a vulnerability database.`);
  }
  const bundle = join(folder, "bundle.tar");
  await pullLayer(client, layer, bundle, options);
  const signature = layers.find(({ mediaType }) => mediaType === signatureType);
  if (signature !== undefined)
    await pullLayer(client, signature, signatureFileOf(bundle), { limit: 1024 * 1024 });
  return bundle;
}

import { join } from "node:path";
import { BreakwaterError, digestAlgorithm } from "../../../../kernel/index.ts";
import { type DownloadOptions, download } from "../download.ts";
import type { Found, Question } from "../question.ts";
import { type Layer, readManifest } from "./manifest.ts";
import { parseOciReference } from "./reference.ts";
import { RegistryClient } from "./registry.ts";

/** The layers of an artifact, as `oras push` makes it: each a file. */
export async function fetchArtifact(question: Question): Promise<Found | null> {
  const { source, access, revision, folder, patience, signal } = question;
  const client = new RegistryClient(
    parseOciReference(source),
    access.login,
    { ...access, patience, signal },
    "pull",
  );
  const { digest, layers } = await readManifest(client, source);
  if (revision === digest) return null;
  const names = layers.map((layer, index) => nameOf(layer, index));
  for (const [index, layer] of layers.entries()) {
    await pullLayer(client, layer, join(folder, names[index] ?? ""), question);
  }
  const [only = ""] = names;
  const path = layers.length === 1 ? join(folder, only) : folder;
  return { path, sha256: Bun.CryptoHasher.hash("sha256", digest, "hex"), asOf: null, revision: digest };
}

/** Writes a layer to a new file. Throws UNAVAILABLE when it is not what its digest says. */
export async function pullLayer(
  client: RegistryClient,
  { digest, size }: Layer,
  file: string,
  options: DownloadOptions,
): Promise<void> {
  const answer = await client.ask(`/blobs/${digest}`);
  if (answer.status !== 200) {
    await answer.discard();
    throw new BreakwaterError("UNAVAILABLE", `The layer ${digest} is answered with ${answer.status}.`);
  }
  if (digestAlgorithm(digest) !== "sha256") {
    throw new BreakwaterError("UNAVAILABLE", `The layer ${digest} has a digest other than sha256.`);
  }
  const limit = Math.min(size, options.limit ?? size);
  const { sha256 } = await download(answer.body(), file, { ...options, limit });
  if (`sha256:${sha256}` === digest) return;
  throw new BreakwaterError("UNAVAILABLE", `The layer ${digest} has other content: sha256:${sha256}.`);
}

/** Its number comes first: two layers may say that they have one name, and a name may be any path. */
function nameOf({ annotations }: Layer, index: number): string {
  const title = annotations?.["org.opencontainers.image.title"] ?? "layer";
  const [last = ""] = title.split("/").slice(-1);
  return `${index}-${last.replaceAll(/[^\w.-]/g, "_").slice(-100)}`;
}

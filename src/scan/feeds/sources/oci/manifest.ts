import { z } from "zod";
import {
  BreakwaterError,
  type Digest,
  digestAlgorithm,
  digestOf,
  isDigest,
} from "../../../../kernel/index.ts";
import { parseOciReference } from "./reference.ts";
import { parseJson, type RegistryClient } from "./registry.ts";

export const manifestType = "application/vnd.oci.image.manifest.v1+json";
/** The specification asks registries to take 4 MiB. */
const maxManifest = 4 * 2 ** 20;

const descriptor = z.object({
  mediaType: z.string(),
  digest: z.string().refine((digest): digest is Digest => isDigest(digest)),
  size: z.int().nonnegative(),
  annotations: z.record(z.string(), z.string()).optional(),
});

const manifestSchema = z.object({ layers: z.array(descriptor).min(1).max(1000) });

export type Layer = z.output<typeof descriptor>;

export interface Artifact {
  readonly digest: string;
  readonly layers: readonly Layer[];
}

/** The artifact's manifest, whose digest is checked where the reference has one. Throws UNAVAILABLE. */
export async function readManifest(client: RegistryClient, source: string): Promise<Artifact> {
  const { tag, digest } = parseOciReference(source);
  const headers = { Accept: `${manifestType}, application/vnd.docker.distribution.manifest.v2+json` };
  const answer = await client.ask(`/manifests/${digest ?? tag}`, { headers });
  if (answer.status !== 200) {
    await answer.discard();
    const closed = answer.status === 401 || answer.status === 403;
    const advice = closed ? " Give the username and the password of an account that may pull it." : "";
    throw new BreakwaterError("UNAVAILABLE", `${source} is answered with ${answer.status}.${advice}`);
  }
  const bytes = await answer.bytes(maxManifest);
  const actual = digestOf(bytes, digest === null ? "sha256" : digestAlgorithm(digest));
  if (digest !== null && digest !== actual) {
    throw new BreakwaterError("UNAVAILABLE", `${source} has a manifest with the digest ${actual}.`);
  }
  const { data } = manifestSchema.safeParse(parseJson(Buffer.from(bytes).toString()));
  if (data === undefined) {
    throw new BreakwaterError("UNAVAILABLE", `${source} is no artifact with layers (an index is none).`);
  }
  return { digest: actual, layers: data.layers };
}

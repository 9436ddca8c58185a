import {
  type Digest,
  isRefusal,
  parseRepositoryName,
  projectOf,
  type RepositoryName,
} from "../../kernel/index.ts";
import type { Grant } from "./authorize.ts";
import type { OciServices } from "./services.ts";

/**
 * Shows a blob of another repository in `name` (specification 1.1, "Mounting a blob from another repository").
 * True when that worked; otherwise the client has to upload it. Only content that the caller may pull can be
 * mounted: to know a digest is no right to the bytes.
 */
export async function mount(
  grant: Grant,
  services: OciServices,
  name: RepositoryName,
  digest: Digest,
  from: string | null,
): Promise<boolean> {
  const { blobs } = services.registry;
  for (const source of from === null ? await blobs.holders(digest) : [from]) {
    if (!(await mayPull(grant, services, source)) || !(await isGood(services, source, digest))) continue;
    if (await blobs.mount(name, source, digest)) return true;
  }
  return false;
}

/** A client's token often names the target only: then its bearer's rights of today decide. */
async function mayPull(grant: Grant, services: OciServices, source: string): Promise<boolean> {
  const repository = tryParse(source);
  if (repository === null) return false;
  if (await grant.allows(repository, "pull")) return true;
  const principal = await grant.principal();
  if (principal === null) return false;
  const held = await services.rights.repositoryActions(principal, projectOf(repository), repository);
  return held.has("pull");
}

/**
 * What a manifest's bytes are would otherwise be read where no policy forbids it. A layer says nothing of the images
 * that it is in, and is as good as any.
 */
async function isGood({ registry, verdicts }: OciServices, source: string, digest: Digest): Promise<boolean> {
  const repository = tryParse(source);
  if (repository === null) return false;
  try {
    const blob = await registry.blobs.get(repository, digest);
    if (!blob.isManifest) return true;
    const manifest = await registry.resolver.resolve(repository, { kind: "digest", digest });
    return (await verdicts.ofPull(repository, null, manifest)).allowed;
  } catch (error) {
    // Gone from there since it was looked for.
    if (isRefusal(error, "BLOB_UNKNOWN") || isRefusal(error, "MANIFEST_UNKNOWN")) return false;
    throw error;
  }
}

function tryParse(name: string): RepositoryName | null {
  try {
    return parseRepositoryName(name);
  } catch {
    return null;
  }
}

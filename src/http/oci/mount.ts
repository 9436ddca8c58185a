import { type Digest, parseRepositoryName, projectOf, type RepositoryName } from "../../kernel/index.ts";
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
    if (!(await mayPull(grant, services, source))) continue;
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
  return (await services.rights.repositoryActions(principal, projectOf(repository))).has("pull");
}

function tryParse(name: string): RepositoryName | null {
  try {
    return parseRepositoryName(name);
  } catch {
    return null;
  }
}

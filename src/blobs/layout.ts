import { type Digest, digestAlgorithm, digestHex, isDigest } from "../kernel/index.ts";

/**
 * Where things lie in the storage, as keys with `/` between their parts. Blobs and links lie where Docker
 * Distribution lays them, so that an existing registry's folder can be adopted without copying and left
 * again the same way:
 *
 *     docker/registry/v2/
 *       blobs/<algorithm>/<first 2 hex>/<hex>/data           a blob's bytes, manifests too
 *       repositories/<name>/
 *         _layers/<algorithm>/<hex>/link                     the repository holds this blob
 *         _manifests/revisions/<algorithm>/<hex>/link        the repository holds this manifest
 *         _manifests/tags/<tag>/current/link                 what the tag points to
 *     breakwater/uploads/<id>                                bytes of an upload under way
 *     breakwater/vulndb/<version>.sqlite.zst                 a compiled vulnerability database
 *
 * A link's content is the digest it points to. The database is what requests are answered from; the links
 * are what it can be rebuilt from.
 */
const root = "docker/registry/v2";

export const blobsPrefix = `${root}/blobs`;
export const repositoriesPrefix = `${root}/repositories`;
export const uploadsPrefix = "breakwater/uploads";
export const vulnerabilityDatabasesPrefix = "breakwater/vulndb";

export function blobKey(digest: Digest): string {
  const hex = digestHex(digest);
  return `${blobsPrefix}/${digestAlgorithm(digest)}/${hex.slice(0, 2)}/${hex}/data`;
}

/** The digest of the blob that lies at `key`, or null when the key is not a blob's. */
export function digestOfBlobKey(key: string): Digest | null {
  const [algorithm, , hex, file] = key.slice(blobsPrefix.length + 1).split("/");
  const digest = `${algorithm}:${hex}`;
  return file === "data" && isDigest(digest) ? digest : null;
}

export function layerLinkKey(repository: string, digest: Digest): string {
  return `${repositoriesPrefix}/${repository}/_layers/${digestAlgorithm(digest)}/${digestHex(digest)}/link`;
}

export function revisionLinkKey(repository: string, digest: Digest): string {
  return `${repositoriesPrefix}/${repository}/_manifests/revisions/${digestAlgorithm(digest)}/${digestHex(digest)}/link`;
}

export function tagLinkKey(repository: string, tag: string): string {
  return `${repositoriesPrefix}/${repository}/_manifests/tags/${tag}/current/link`;
}

export function uploadKey(id: string): string {
  return `${uploadsPrefix}/${id}`;
}

/** The upload that the staged object at `key`, or at a key below it, belongs to. */
export function uploadOfKey(key: string): string {
  return key.slice(uploadsPrefix.length + 1).split(/[/.]/, 1)[0] ?? "";
}

export function vulnerabilityDatabaseKey(version: string): string {
  return `${vulnerabilityDatabasesPrefix}/${version}.sqlite.zst`;
}

export function isVulnerabilityDatabaseKey(key: string): boolean {
  return /^breakwater\/vulndb\/[0-9a-f]{64}\.sqlite\.zst$/.test(key);
}

/** What a link's key says. */
export type Link =
  | { readonly kind: "layer" | "revision"; readonly repository: string; readonly digest: Digest }
  | { readonly kind: "tag"; readonly repository: string; readonly tag: string };

const linkPattern =
  /^(?<repository>.+)\/(?:_layers\/(?<layer>[^/]+\/[^/]+)|_manifests\/revisions\/(?<revision>[^/]+\/[^/]+)|_manifests\/tags\/(?<tag>[^/]+)\/current)\/link$/;

/** Reads a link's key back, or null when the key is not one. */
export function parseLinkKey(key: string): Link | null {
  const groups = linkPattern.exec(key.slice(repositoriesPrefix.length + 1))?.groups;
  const repository = groups?.repository;
  if (groups === undefined || repository === undefined) return null;
  if (groups.tag !== undefined) return { kind: "tag", repository, tag: groups.tag };
  const digest = (groups.layer ?? groups.revision ?? "").replace("/", ":");
  if (!isDigest(digest)) return null;
  return { kind: groups.layer === undefined ? "revision" : "layer", repository, digest };
}

import { batches, type Tx } from "../../db/index.ts";
import type { Digest } from "../../kernel/index.ts";
import type { RepositoryRef } from "../links.ts";
import { type ManifestDocument, parseManifest } from "../manifest-document.ts";
import { manifestContent } from "./content.ts";

/** What a manifest's bytes name, against what the database says of it. */
export interface Comparison {
  readonly image: string;
  readonly repository: RepositoryRef;
  /** Named, and there is no row that says so. */
  readonly missingBlobs: readonly string[];
  readonly missingChildren: readonly string[];
  /** Rows that say it is named, and it is not. */
  readonly extraBlobs: readonly string[];
  readonly extraChildren: readonly string[];
  /** Named, and not in the repository. */
  readonly danglingBlobs: readonly string[];
  readonly danglingChildren: readonly string[];
}

export function hasDrifted(seen: Comparison): boolean {
  const { missingBlobs, missingChildren, extraBlobs, extraChildren } = seen;
  return missingBlobs.length + missingChildren.length + extraBlobs.length + extraChildren.length > 0;
}

export function dangles({ danglingBlobs, danglingChildren }: Comparison): boolean {
  return danglingBlobs.length + danglingChildren.length > 0;
}

/** Null when there is nothing to compare: no such manifest, or its bytes are another check's finding. */
export async function compare(db: Pick<Tx, "selectFrom">, id: number): Promise<Comparison | null> {
  const row = await db
    .selectFrom("manifest")
    .innerJoin("repository", "repository.id", "manifest.repository_id")
    .select(["manifest.blob_id", "manifest.digest", "manifest.media_type"])
    .select(["repository.id", "repository.project_id", "repository.name"])
    .where("manifest.id", "=", id)
    .executeTakeFirst();
  if (row === undefined) return null;
  const document = await parsed(db, row.blob_id, row.digest as Digest, row.media_type);
  if (document === null) return null;
  const blobs = new Set<string>([...document.blobs, row.digest]);
  const children = new Set<string>(document.children);
  const noted = await db
    .selectFrom("manifest_blob")
    .innerJoin("blob", "blob.id", "manifest_blob.blob_id")
    .select("blob.digest")
    .where("manifest_id", "=", id)
    .execute();
  const notedChildren = await db
    .selectFrom("manifest_child")
    .select("child_digest as digest")
    .where("manifest_id", "=", id)
    .execute();
  const repository = { id: row.id, projectId: row.project_id, name: row.name };
  return {
    image: `${row.name}@${row.digest}`,
    repository,
    missingBlobs: without(blobs, noted),
    missingChildren: without(children, notedChildren),
    extraBlobs: noted.map(({ digest }) => digest).filter((digest) => !blobs.has(digest)),
    extraChildren: notedChildren.map(({ digest }) => digest).filter((digest) => !children.has(digest)),
    danglingBlobs: without(blobs, await held(db, repository.id, [...blobs])),
    danglingChildren: without(children, await heldManifests(db, repository.id, [...children])),
  };
}

function without(all: ReadonlySet<string>, some: readonly { digest: string }[]): string[] {
  return [...all.difference(new Set(some.map(({ digest }) => digest)))];
}

async function parsed(
  db: Pick<Tx, "selectFrom">,
  blobId: number,
  digest: Digest,
  mediaType: string,
): Promise<ManifestDocument | null> {
  const content = await manifestContent(db, blobId, digest);
  return content === null ? null : parseManifest(content, mediaType);
}

async function held(db: Pick<Tx, "selectFrom">, repositoryId: number, digests: readonly string[]) {
  const found: { digest: string }[] = [];
  for (const some of batches(digests)) {
    const rows = await db
      .selectFrom("repository_blob")
      .innerJoin("blob", "blob.id", "repository_blob.blob_id")
      .select("blob.digest")
      .where("repository_id", "=", repositoryId)
      .where("blob.digest", "in", some)
      .execute();
    found.push(...rows);
  }
  return found;
}

async function heldManifests(db: Pick<Tx, "selectFrom">, repositoryId: number, digests: readonly string[]) {
  const found: { digest: string }[] = [];
  for (const some of batches(digests)) {
    const rows = await db
      .selectFrom("manifest")
      .select("digest")
      .where("repository_id", "=", repositoryId)
      .where("digest", "in", some)
      .execute();
    found.push(...rows);
  }
  return found;
}

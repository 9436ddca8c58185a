import { blobKey, type ObjectStore } from "../../blobs/index.ts";
import type { Tx } from "../../db/index.ts";
import { type Digest, digestAlgorithm, digestOf } from "../../kernel/index.ts";

/** True when the bytes are the digest's. */
export function hasDigest(content: Uint8Array, digest: Digest): boolean {
  return digestOf(content, digestAlgorithm(digest)) === digest;
}

/** True when the stored bytes are the digest's; reads them all, a piece at a time. */
export async function storedAs(
  objects: ObjectStore,
  digest: Digest,
  onRead: (bytes: number) => void,
): Promise<boolean> {
  const algorithm = digestAlgorithm(digest);
  const hasher = new Bun.CryptoHasher(algorithm);
  for await (const chunk of objects.read(blobKey(digest))) {
    hasher.update(chunk);
    onRead(chunk.length);
  }
  return `${algorithm}:${hasher.digest("hex")}` === digest;
}

/** A manifest's bytes as the database holds them, if they are right; null when it holds none. */
export async function manifestContent(
  db: Pick<Tx, "selectFrom">,
  blobId: number,
  digest: Digest,
): Promise<Uint8Array | null> {
  const row = await db
    .selectFrom("manifest_content")
    .select("content")
    .where("blob_id", "=", blobId)
    .executeTakeFirst();
  return row !== undefined && hasDigest(row.content, digest) ? row.content : null;
}

/** Names of images are listed up to here. */
const shown = 5;

/** "The images a:1, b@sha256:… and 3 more need it." */
export async function neededBy(db: Pick<Tx, "selectFrom">, blobId: number): Promise<string> {
  const needing = db
    .selectFrom("manifest_blob")
    .innerJoin("manifest", "manifest.id", "manifest_blob.manifest_id")
    .where("manifest_blob.blob_id", "=", blobId);
  const { count } = await needing
    .select((expression) => expression.fn.countAll().as("count"))
    .executeTakeFirstOrThrow();
  if (Number(count) === 0) return "No image needs it.";
  const rows = await needing
    .innerJoin("repository", "repository.id", "manifest.repository_id")
    .select(["repository.name", "manifest.digest"])
    .select((of) =>
      of
        .selectFrom("tag")
        .select((tag) => tag.fn.min("tag.name").as("tag"))
        .whereRef("tag.manifest_id", "=", "manifest.id")
        .as("tag"),
    )
    .orderBy("manifest.id")
    .limit(shown)
    .execute();
  const names = rows.map((row) => imageName(row.name, row.tag, row.digest));
  const more = Number(count) - names.length;
  return `It is needed by ${names.join(", ")}${more > 0 ? ` and ${more} more` : ""}.`;
}

export function imageName(repository: string, tag: string | null, digest: string): string {
  return tag === null ? `${repository}@${digest}` : `${repository}:${tag} (${digest})`;
}

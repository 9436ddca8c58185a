import { z } from "zod";
import type { Database } from "../../../db/index.ts";
import type { Digest } from "../../../kernel/index.ts";

/** How an artifact says that it is about an image. */
export type Origin = "referrer" | "tag" | "index";

export interface Candidate {
  readonly digest: Digest;
  readonly content: Uint8Array;
  /** Milliseconds since 1970. */
  readonly pushedAt: number;
  readonly origin: Origin;
}

/** Of one image, the newest: each has to be read. */
const maxCandidates = 100;
/** Bytes of a manifest: those of attestations are small, those of indexes less so. */
const maxManifest = 64 * 1024;
const maxIndex = 1024 * 1024;
const maxIndexes = 20;

/** BuildKit's, in an index: which of its entries are attestations, and of what. */
const index = z.object({
  manifests: z.array(
    z.object({
      digest: z.string(),
      annotations: z
        .object({ "vnd.docker.reference.type": z.string(), "vnd.docker.reference.digest": z.string() })
        .optional()
        .catch(undefined),
    }),
  ),
});

/** The artifacts of a repository that are about the image: the newest first, each once. */
export async function candidatesOf(
  database: Database,
  repositoryId: number,
  image: Digest,
): Promise<readonly Candidate[]> {
  const manifests = database.read
    .selectFrom("manifest")
    .innerJoin("manifest_content", "manifest_content.blob_id", "manifest.blob_id")
    .select(["manifest.id", "manifest.digest", "manifest.pushed_at", "manifest_content.content"])
    .where("manifest.repository_id", "=", repositoryId)
    .where("manifest.size", "<=", maxManifest)
    .orderBy("manifest.id", "desc")
    .limit(maxCandidates);
  const tag = image.replace(":", "-");
  const attested = await attestationsOf(database, repositoryId, image);
  const [referrers, tagged, indexed] = await Promise.all([
    manifests.where("manifest.subject_digest", "=", image).execute(),
    manifests
      .innerJoin("tag", "tag.manifest_id", "manifest.id")
      .where("tag.repository_id", "=", repositoryId)
      // Where cosign put them before there were referrers.
      .where("tag.name", "in", [`${tag}.sbom`, `${tag}.att`])
      .execute(),
    attested.length === 0 ? [] : manifests.where("manifest.digest", "in", attested).execute(),
  ]);
  const found = new Map<number, Candidate>();
  const add = (rows: typeof referrers, origin: Origin) => {
    for (const { id, digest, content, pushed_at } of rows) {
      if (!found.has(id)) found.set(id, { digest: digest as Digest, content, pushedAt: pushed_at, origin });
    }
  };
  add(referrers, "referrer");
  add(indexed, "index");
  add(tagged, "tag");
  return [...found.entries()]
    .sort(([a], [b]) => b - a)
    .slice(0, maxCandidates)
    .map(([, candidate]) => candidate);
}

/** What the indexes that list the image list beside it, as said about it. */
async function attestationsOf(
  database: Database,
  repositoryId: number,
  image: Digest,
): Promise<readonly string[]> {
  const parents = await database.read
    .selectFrom("manifest_child")
    .innerJoin("manifest", "manifest.id", "manifest_child.manifest_id")
    .innerJoin("manifest_content", "manifest_content.blob_id", "manifest.blob_id")
    .select("manifest_content.content")
    .where("manifest_child.child_digest", "=", image)
    .where("manifest.repository_id", "=", repositoryId)
    .where("manifest.size", "<=", maxIndex)
    .orderBy("manifest.id", "desc")
    .limit(maxIndexes)
    .execute();
  const digests = parents.flatMap(({ content }) => {
    const { manifests = [] } = index.safeParse(JSON.parse(new TextDecoder().decode(content))).data ?? {};
    return manifests
      .filter(
        ({ annotations }) =>
          annotations?.["vnd.docker.reference.type"] === "attestation-manifest" &&
          annotations["vnd.docker.reference.digest"] === image,
      )
      .map(({ digest }) => digest);
  });
  return [...new Set(digests)].slice(0, maxCandidates);
}

import type { ExpressionBuilder } from "kysely";
import { batches, type Database, type Schema } from "../../../db/index.ts";
import type { ImageNames } from "../image.ts";

/** Whose referrers a project believes. */
export interface VexTrust {
  /** `user:<name>` and `robot:<name>`. */
  readonly pushers: readonly string[];
  /** Of the digests of referrers those that are signed as the project demands; null where signatures do not count. */
  readonly signed: ((digests: readonly string[]) => Promise<ReadonlySet<string>>) | null;
}

/** What refers to an image, by its manifest. */
export interface Referrer {
  readonly digest: string;
  readonly content: Uint8Array;
}

/** Of one image, those that the project believes: each has to be read. */
const maxReferrers = 100;
/** Of those that are asked at once whether they are signed: anybody who may push can add to them. */
const pageSize = 500;
/** Bytes of a referrer's manifest: it has a layer or two. */
const maxManifest = 64 * 1024;

/**
 * The referrers of the image and of its indexes that the project believes, the newest first; null where there are too
 * many to be read. Those that it does not believe never take another's place.
 */
export async function trustedReferrers(
  database: Database,
  image: ImageNames,
  trust: VexTrust,
): Promise<readonly Referrer[] | null> {
  const ids = new Set<number>();
  for (const subjects of batches([...image.digests])) {
    for await (const id of trustedIds(database, image.repositoryId, subjects, trust)) {
      ids.add(id);
      if (ids.size > maxReferrers) return null;
    }
  }
  if (ids.size === 0) return [];
  return database.read
    .selectFrom("manifest")
    .innerJoin("manifest_content", "manifest_content.blob_id", "manifest.blob_id")
    .select(["manifest.digest", "manifest_content.content"])
    .where("manifest.id", "in", [...ids])
    .orderBy("manifest.id", "desc")
    .execute();
}

/** Of those that refer to any of the subjects; one that is believed for two reasons comes twice. */
async function* trustedIds(
  database: Database,
  repositoryId: number,
  subjects: readonly string[],
  { pushers, signed }: VexTrust,
): AsyncIterable<number> {
  const referrers = database.read
    .selectFrom("manifest")
    .select(["manifest.id", "manifest.digest"])
    .where("manifest.repository_id", "=", repositoryId)
    .where("manifest.subject_digest", "in", subjects)
    .where("manifest.size", "<=", maxManifest)
    .orderBy("manifest.id");
  if (pushers.length > 0) {
    const pushed = referrers.where(isPushedBy(pushers)).limit(maxReferrers + 1);
    for (const { id } of await pushed.execute()) yield id;
  }
  if (signed === null) return;
  for (let last: number | undefined = 0; last !== undefined; ) {
    const page = await referrers.where("manifest.id", ">", last).limit(pageSize).execute();
    const good = await signed(page.map(({ digest }) => digest));
    for (const { id, digest } of page) if (good.has(digest)) yield id;
    last = page.length < pageSize ? undefined : page.at(-1)?.id;
  }
}

function isPushedBy(pushers: readonly string[]) {
  return (of: ExpressionBuilder<Schema, "manifest">) =>
    of.exists(
      of
        .selectFrom("referrer_pusher")
        .select("referrer_pusher.name")
        .whereRef("referrer_pusher.manifest_id", "=", "manifest.id")
        .where((where) =>
          where.or(
            pushers.map((pusher) => {
              const colon = pusher.indexOf(":");
              return where.and([
                where("referrer_pusher.kind", "=", pusher.slice(0, colon) as "user" | "robot"),
                where("referrer_pusher.name", "=", pusher.slice(colon + 1)),
              ]);
            }),
          ),
        ),
    );
}

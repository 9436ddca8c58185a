import type { Database } from "../../db/index.ts";
import { imageManifestTypes, indexTypes } from "../../kernel/index.ts";
import type { NotRunnableManifests } from "../../registry/index.ts";

/** An image as a scanner has to be told of it. */
export interface ScanSubject {
  readonly manifestId: number;
  readonly repository: string;
  readonly digest: string;
  readonly mediaType: string;
  /** Bytes of the manifest. */
  readonly size: number;
  /** Bytes of all that belongs to it. */
  readonly totalSize: number;
  /** The tag that was last pointed to it; empty where there is none. */
  readonly tag: string;
}

/** How deep indexes may lie in one another. */
const maxDepth = 4;
/** Images of one index: no platform list is longer. */
const maxImages = 200;

/** Finds what of an artifact is to be scanned: scanners take images, and of an index its images. */
export class Subjects {
  readonly #database: Database;
  readonly #notRunnable: NotRunnableManifests;

  constructor(database: Database, notRunnable: NotRunnableManifests) {
    this.#database = database;
    this.#notRunnable = notRunnable;
  }

  /** What a run is about; null when it is gone, or says something about an image rather than being one. */
  async get(manifestId: number): Promise<ScanSubject | null> {
    const row = await this.#database.read
      .selectFrom("manifest")
      .innerJoin("repository", "repository.id", "manifest.repository_id")
      .select(["manifest.id", "repository.name", "manifest.digest", "manifest.media_type"])
      .select(["manifest.size", "manifest.total_size"])
      .select((of) =>
        of
          .selectFrom("tag")
          .select("tag.name")
          .whereRef("tag.manifest_id", "=", "manifest.id")
          .orderBy("tag.pushed_at", "desc")
          .limit(1)
          .as("tag"),
      )
      .where("manifest.id", "=", manifestId)
      .executeTakeFirst();
    if (row === undefined || (await this.#notRunnable.among([row])).has(row.id)) return null;
    return {
      manifestId,
      repository: row.name,
      digest: row.digest,
      mediaType: row.media_type,
      size: row.size,
      totalSize: row.total_size,
      tag: row.tag ?? "",
    };
  }

  /** By artifact, the images to scan: itself, or those that it lists; empty for what is neither. */
  async imagesOf(manifestIds: readonly number[]): Promise<ReadonlyMap<number, readonly number[]>> {
    const images = new Map<number, number[]>(manifestIds.map((id) => [id, []]));
    let level = new Map(manifestIds.map((id) => [id, new Set([id])]));
    for (let depth = 0; depth <= maxDepth && level.size > 0; depth++) {
      const rows = await this.#database.read
        .selectFrom("manifest")
        .select(["id", "digest", "media_type"])
        .where("id", "in", [...level.keys()])
        .execute();
      const candidates = rows.filter(({ media_type }) => imageManifestTypes.has(media_type));
      const exempt = await this.#notRunnable.among(candidates);
      for (const { id } of candidates) {
        if (exempt.has(id)) continue;
        for (const root of level.get(id) ?? []) {
          const found = images.get(root);
          if (found !== undefined && found.length < maxImages && !found.includes(id)) found.push(id);
        }
      }
      const indexes = rows.filter(({ media_type }) => indexTypes.has(media_type)).map(({ id }) => id);
      level = await this.#children(indexes, level);
    }
    return images;
  }

  async #children(
    indexes: readonly number[],
    above: ReadonlyMap<number, ReadonlySet<number>>,
  ): Promise<Map<number, Set<number>>> {
    const below = new Map<number, Set<number>>();
    if (indexes.length === 0) return below;
    const rows = await this.#database.read
      .selectFrom("manifest_child")
      .innerJoin("manifest as parent", "parent.id", "manifest_child.manifest_id")
      .innerJoin("manifest as child", (join) =>
        join
          .onRef("child.digest", "=", "manifest_child.child_digest")
          .onRef("child.repository_id", "=", "parent.repository_id"),
      )
      .select(["parent.id as parent", "child.id as child"])
      .where("parent.id", "in", indexes)
      .limit(maxImages * indexes.length)
      .execute();
    for (const { parent, child } of rows) {
      const roots = below.get(child) ?? new Set();
      for (const root of above.get(parent) ?? []) roots.add(root);
      below.set(child, roots);
    }
    return below;
  }
}

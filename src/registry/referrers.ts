import type { Database } from "../db/index.ts";
import type { Digest, RepositoryName } from "../kernel/index.ts";

/** An entry of a referrers list (specification 1.1, "Listing referrers"). */
export interface ReferrerDescriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
  readonly artifactType?: string;
  readonly annotations?: Readonly<Record<string, string>>;
}

export interface ReferrerPage {
  readonly descriptors: readonly ReferrerDescriptor[];
  /** Where the next page begins; null when this is the last. */
  readonly next: number | null;
}

/** Finds what refers to a manifest by its `subject`, whether that manifest is there or not. */
export class Referrers {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async list(
    name: RepositoryName,
    subject: Digest,
    artifactType: string | null,
    after: number,
    limit: number,
  ): Promise<ReferrerPage> {
    let query = this.#database.read
      .selectFrom("manifest")
      .innerJoin("repository", "repository.id", "manifest.repository_id")
      .select([
        "manifest.id",
        "manifest.media_type",
        "manifest.digest",
        "manifest.size",
        "manifest.artifact_type",
        "manifest.annotations",
      ])
      .where("repository.name", "=", name)
      .where("manifest.subject_digest", "=", subject)
      .where("manifest.id", ">", after)
      .orderBy("manifest.id")
      .limit(limit + 1);
    if (artifactType !== null) query = query.where("manifest.artifact_type", "=", artifactType);
    const rows = await query.execute();
    const descriptors = rows.slice(0, limit).map((row) => ({
      mediaType: row.media_type,
      digest: row.digest,
      size: row.size,
      ...(row.artifact_type === "" ? {} : { artifactType: row.artifact_type }),
      ...(row.annotations === null ? {} : { annotations: JSON.parse(row.annotations) }),
    }));
    return { descriptors, next: rows.length > limit ? (rows[limit - 1]?.id ?? null) : null };
  }
}

import { sql } from "kysely";
import { batches, type Database } from "../db/index.ts";
import type { Label } from "../projects/index.ts";

/** A tag that points to an artifact. Times are milliseconds since 1970, null for never. */
export interface ArtifactTag {
  readonly id: number;
  readonly name: string;
  readonly repositoryId: number;
  readonly artifactId: number;
  readonly pushedAt: number;
  readonly pulledAt: number | null;
}

/** What refers to an artifact as its subject: a signature, an SBOM, anything. */
export interface Accessory {
  readonly artifactId: number;
  readonly digest: string;
  /** What it says that it is; may be empty. */
  readonly artifactType: string;
  readonly size: number;
  readonly subjectId: number;
  readonly subjectDigest: string;
  readonly repositoryName: string;
  readonly createdAt: number;
}

/** Of each artifact in a list: the youngest ones. Lists of their own page through all of them. */
const maxTags = 1000;
const maxAccessories = 100;

/** Reads what belongs to several artifacts at once. */
export class ArtifactParts {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** The tags of these artifacts, the last pushed first. */
  async tags(artifactIds: readonly number[]): Promise<ReadonlyMap<number, readonly ArtifactTag[]>> {
    const rows = await this.#database.read
      .selectFrom("manifest")
      .innerJoin("tag", (on) =>
        on.on("tag.id", "in", (from) =>
          from
            .selectFrom("tag as own")
            .select("own.id")
            .whereRef("own.manifest_id", "=", "manifest.id")
            .orderBy("own.pushed_at", "desc")
            .orderBy("own.id", "desc")
            .limit(maxTags),
        ),
      )
      .selectAll("tag")
      .where("manifest.id", "in", [...artifactIds])
      .execute();
    rows.sort((a, b) => b.pushed_at - a.pushed_at || b.id - a.id);
    return grouped(rows.map(toTag), (tag) => tag.artifactId);
  }

  /** The labels that these artifacts carry. */
  async labels(artifactIds: readonly number[]): Promise<ReadonlyMap<number, readonly Label[]>> {
    const rows = await this.#database.read
      .selectFrom("manifest_label")
      .innerJoin("label", "label.id", "manifest_label.label_id")
      .select("manifest_label.manifest_id")
      .selectAll("label")
      .where("manifest_label.manifest_id", "in", [...artifactIds])
      .orderBy("label.id")
      .execute();
    const labels = rows.map((row) => ({
      manifestId: row.manifest_id,
      id: row.id,
      name: row.name,
      description: row.description,
      color: row.color,
      projectId: row.scope === "g" ? null : row.project_id,
      createdAt: row.created_at,
      updatedAt: row.updated_at,
    }));
    return grouped(labels, (label) => label.manifestId);
  }

  /** What refers to these artifacts. */
  async accessories(artifactIds: readonly number[]): Promise<ReadonlyMap<number, readonly Accessory[]>> {
    const rows = await selectAccessories(this.#database.read)
      .where("subject.id", "in", [...artifactIds])
      .where("manifest.id", "in", (from) =>
        from
          .selectFrom("manifest as own")
          .select("own.id")
          .whereRef("own.repository_id", "=", "subject.repository_id")
          .whereRef("own.subject_digest", "=", "subject.digest")
          .orderBy("own.id", "desc")
          .limit(maxAccessories),
      )
      .orderBy("manifest.id")
      .execute();
    return grouped(rows.map(toAccessory), (accessory) => accessory.subjectId);
  }

  /** The ids of the manifests with these digests, by `<repository's id> <digest>`. */
  async children(
    repositoryIds: readonly number[],
    digests: readonly string[],
  ): Promise<ReadonlyMap<string, number>> {
    const found = new Map<string, number>();
    for (const some of batches([...new Set(digests)])) {
      const rows = await this.#database.read
        .selectFrom("manifest")
        .select(["id", "repository_id", "digest"])
        .where("repository_id", "in", [...repositoryIds])
        .where("digest", "in", some)
        .execute();
      for (const row of rows) found.set(`${row.repository_id} ${row.digest}`, row.id);
    }
    return found;
  }
}

/** Manifests with the subjects that they refer to in their repositories. */
export function selectAccessories(read: Database["read"]) {
  return read
    .selectFrom("manifest as subject")
    .innerJoin("manifest", (on) =>
      on
        .onRef("manifest.repository_id", "=", "subject.repository_id")
        .onRef("manifest.subject_digest", "=", "subject.digest"),
    )
    .innerJoin("repository", "repository.id", "manifest.repository_id")
    .select([
      "manifest.id",
      "manifest.digest",
      "manifest.artifact_type",
      "manifest.total_size",
      "manifest.pushed_at",
      "subject.id as subject_id",
      "subject.digest as subject_digest",
      "repository.name",
    ])
    .where(sql<boolean>`manifest.subject_digest is not null`);
}

type AccessoryRow = Awaited<ReturnType<ReturnType<typeof selectAccessories>["execute"]>>[number];

export function toAccessory(row: AccessoryRow): Accessory {
  return {
    artifactId: row.id,
    digest: row.digest,
    artifactType: row.artifact_type,
    size: row.total_size,
    subjectId: row.subject_id,
    subjectDigest: row.subject_digest,
    repositoryName: row.name,
    createdAt: row.pushed_at,
  };
}

export function toTag(row: {
  id: number;
  name: string;
  repository_id: number;
  manifest_id: number;
  pushed_at: number;
  pulled_at: number | null;
}): ArtifactTag {
  return {
    id: row.id,
    name: row.name,
    repositoryId: row.repository_id,
    artifactId: row.manifest_id,
    pushedAt: row.pushed_at,
    pulledAt: row.pulled_at,
  };
}

function grouped<T>(items: readonly T[], keyOf: (item: T) => number): ReadonlyMap<number, readonly T[]> {
  return Map.groupBy(items, keyOf);
}

import type { Database } from "../db/index.ts";
import type { Digest } from "../kernel/index.ts";
import type { Label } from "../projects/index.ts";
import type { Attributes } from "./artifact-attributes.ts";
import type { ArtifactContent, ArtifactDetails, Reference } from "./artifact-details.ts";
import type { Accessory, ArtifactParts, ArtifactTag } from "./artifact-parts.ts";
import type { RepositoryRef } from "./links.ts";

/** A manifest as a thing that people work with. Times are milliseconds since 1970, null for never. */
export interface Artifact {
  readonly id: number;
  readonly repository: RepositoryRef;
  readonly digest: Digest;
  /** Harbor's name for it: IMAGE, CHART … */
  readonly type: string;
  /** The config's; of an index its own. */
  readonly mediaType: string;
  readonly manifestMediaType: string;
  readonly artifactType: string;
  /** Bytes of the manifest, its config, layers and children. */
  readonly size: number;
  readonly annotations: Readonly<Record<string, string>> | null;
  readonly attributes: Attributes | null;
  readonly references: readonly (Reference & { readonly childId: number })[];
  readonly tags: readonly ArtifactTag[];
  readonly labels: readonly Label[];
  readonly accessories: readonly Accessory[];
  readonly pushedAt: number;
  readonly pulledAt: number | null;
}

/** Which of the parts that cost a query each are wanted. */
export interface ArtifactOptions {
  readonly tags: boolean;
  readonly labels: boolean;
  readonly accessories: boolean;
}

/** Puts artifacts together from their rows, what is inside them, and what belongs to them. */
export class ArtifactViews {
  readonly #database: Database;
  readonly #details: ArtifactDetails;
  readonly #parts: ArtifactParts;

  constructor(database: Database, details: ArtifactDetails, parts: ArtifactParts) {
    this.#database = database;
    this.#details = details;
    this.#parts = parts;
  }

  /** The artifacts with these ids, in their order; those that are gone are left out. */
  async of(ids: readonly number[], options: ArtifactOptions): Promise<readonly Artifact[]> {
    if (ids.length === 0) return [];
    const rows = await this.#rows(ids);
    const [details, tags, labels, accessories] = await Promise.all([
      this.#details.of(rows.map(toContent)),
      options.tags ? this.#parts.tags(ids) : none<ArtifactTag>(),
      options.labels ? this.#parts.labels(ids) : none<Label>(),
      options.accessories ? this.#parts.accessories(ids) : none<Accessory>(),
    ]);
    const children = await this.#parts.children(
      [...new Set(rows.map((row) => row.repository_id))],
      [...details.values()].flatMap(({ references }) => references.map(({ digest }) => digest)),
    );
    const artifacts = rows.map((row): Artifact => {
      const { attributes = null, references = [] } = details.get(row.digest) ?? {};
      return {
        id: row.id,
        repository: { id: row.repository_id, projectId: row.project_id, name: row.name },
        digest: row.digest as Digest,
        type: row.type,
        mediaType: row.config_media_type,
        manifestMediaType: row.media_type,
        artifactType: row.artifact_type,
        size: row.total_size,
        annotations: row.annotations === null ? null : JSON.parse(row.annotations),
        attributes,
        references: references.flatMap((reference) => {
          const childId = children.get(`${row.repository_id} ${reference.digest}`);
          return childId === undefined ? [] : { ...reference, childId };
        }),
        tags: tags.get(row.id) ?? [],
        labels: labels.get(row.id) ?? [],
        accessories: accessories.get(row.id) ?? [],
        pushedAt: row.pushed_at,
        pulledAt: row.pulled_at,
      };
    });
    const byId = new Map(artifacts.map((artifact) => [artifact.id, artifact]));
    return ids.flatMap((id) => byId.get(id) ?? []);
  }

  /** How the image was built, step by step; empty for what does not say. */
  async history(id: number): Promise<readonly unknown[]> {
    const [row] = await this.#rows([id]);
    return row === undefined ? [] : this.#details.history(toContent(row));
  }

  #rows(ids: readonly number[]) {
    return this.#database.read
      .selectFrom("manifest")
      .innerJoin("repository", "repository.id", "manifest.repository_id")
      .selectAll("manifest")
      .select(["repository.project_id", "repository.name"])
      .where("manifest.id", "in", [...ids])
      .execute();
  }
}

function toContent(row: {
  digest: string;
  blob_id: number;
  media_type: string;
  type: string;
  size: number;
}): ArtifactContent {
  const { digest, type, size } = row;
  return { digest, blobId: row.blob_id, mediaType: row.media_type, type, size };
}

function none<T>(): ReadonlyMap<number, readonly T[]> {
  return new Map();
}

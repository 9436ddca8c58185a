import { sql } from "kysely";
import {
  type Columns,
  type Database,
  type ListQuery,
  matching,
  ordering,
  type Page,
  readPage,
} from "../db/index.ts";
import { BreakwaterError, type Digest, parseReference } from "../kernel/index.ts";
import { type ArtifactScope, artifactColumns, fitting } from "./artifact-filter.ts";
import { type Accessory, type ArtifactTag, selectAccessories, toAccessory, toTag } from "./artifact-parts.ts";
import type { Artifact, ArtifactOptions, ArtifactViews } from "./artifact-views.ts";
import { fromNearerEnd } from "./far-page.ts";
import type { RepositoryRef } from "./links.ts";

/** Which artifact a client named. */
export interface ArtifactRef {
  readonly id: number;
  readonly digest: Digest;
  readonly repository: RepositoryRef;
}

const tagColumns: Columns = {
  id: { column: "id", type: "number" },
  name: { column: "name", type: "text" },
  push_time: { column: "pushed_at", type: "time" },
  pull_time: { column: "pulled_at", type: "time", nullable: true },
};

const lastPushedFirst = [
  { field: "push_time", descending: true },
  { field: "id", descending: true },
];

/** Shows what repositories hold. Rows come page by page, without a query for each artifact. */
export class Artifacts {
  readonly #database: Database;
  readonly #views: ArtifactViews;

  constructor(database: Database, views: ArtifactViews) {
    this.#database = database;
    this.#views = views;
  }

  /** The artifacts of the scope that fit, the last pushed first unless asked otherwise. Throws BAD_REQUEST. */
  async list(scope: ArtifactScope, query: ListQuery, options: ArtifactOptions): Promise<Page<Artifact>> {
    const total = await this.#total(scope, query.criteria);
    const part = fromNearerEnd<number>(query, lastPushedFirst, total);
    const page = await this.#database.read
      .selectFrom("manifest")
      .select("manifest.id")
      .where(fitting(scope, query.criteria))
      .orderBy(ordering(part.sort, artifactColumns, part.fallback))
      .limit(part.limit)
      .offset(part.offset)
      .execute();
    const ids = part.inOrder(page.map((row) => row.id));
    return { items: await this.#views.of(ids, options), total };
  }

  /** Throws NOT_FOUND. */
  async get(repositoryName: string, reference: string, options: ArtifactOptions): Promise<Artifact> {
    const { id } = await this.find(repositoryName, reference);
    const [artifact] = await this.#views.of([id], options);
    if (artifact === undefined) throw notFound(repositoryName, reference);
    return artifact;
  }

  /** The artifact that a tag or digest names. Throws NOT_FOUND, and TAG_INVALID or DIGEST_INVALID for neither. */
  async find(repositoryName: string, reference: string): Promise<ArtifactRef> {
    const manifests = this.#database.read
      .selectFrom("repository")
      .innerJoin("manifest", "manifest.repository_id", "repository.id")
      .select(["manifest.id", "manifest.digest", "repository.id as repository_id", "repository.project_id"])
      .where("repository.name", "=", repositoryName);
    const named = parseReference(reference);
    const row = await (named.kind === "digest"
      ? manifests.where("manifest.digest", "=", named.digest)
      : manifests
          .innerJoin("tag", "tag.manifest_id", "manifest.id")
          .whereRef("tag.repository_id", "=", "repository.id")
          .where("tag.name", "=", named.tag)
    ).executeTakeFirst();
    if (row === undefined) throw notFound(repositoryName, reference);
    const repository = { id: row.repository_id, projectId: row.project_id, name: repositoryName };
    return { id: row.id, digest: row.digest as Digest, repository };
  }

  /** How the image was built, step by step; empty for what does not say. */
  async history({ id }: ArtifactRef): Promise<readonly unknown[]> {
    return this.#views.history(id);
  }

  /** The tags that point to the artifact, the last pushed first unless asked otherwise. */
  async tags(artifactId: number, query: ListQuery): Promise<Page<ArtifactTag>> {
    const tags = this.#database.read
      .selectFrom("tag")
      .where("manifest_id", "=", artifactId)
      .where(matching(query.criteria, tagColumns));
    const count = await tags.select((of) => of.fn.countAll().as("total")).executeTakeFirstOrThrow();
    const total = Number(count.total);
    const part = fromNearerEnd<ArtifactTag>(query, lastPushedFirst, total);
    const rows = await tags
      .selectAll()
      .orderBy(ordering(part.sort, tagColumns, part.fallback))
      .limit(part.limit)
      .offset(part.offset)
      .execute();
    return { items: part.inOrder(rows.map(toTag)), total };
  }

  /** What refers to the artifact, the oldest first. */
  async accessories(artifactId: number, part: Pick<ListQuery, "limit" | "offset">): Promise<Page<Accessory>> {
    const accessories = selectAccessories(this.#database.read).where("subject.id", "=", artifactId);
    return readPage(accessories, sql.ref("manifest.id"), part, toAccessory);
  }

  async #total(scope: ArtifactScope, criteria: ListQuery["criteria"]): Promise<number> {
    const { read } = this.#database;
    if (criteria.size > 0) {
      const fits = read.selectFrom("manifest").where(fitting(scope, criteria));
      const { total } = await fits.select((of) => of.fn.countAll().as("total")).executeTakeFirstOrThrow();
      return Number(total);
    }
    // Without conditions it is what the repositories have counted.
    const repositories =
      "repositoryId" in scope
        ? read.selectFrom("repository").where("id", "=", scope.repositoryId)
        : read.selectFrom("repository").where("project_id", "=", scope.projectId);
    const { total } = await repositories
      .select((of) => of.fn.sum<number | string | null>("artifact_count").as("total"))
      .executeTakeFirstOrThrow();
    return Number(total ?? 0);
  }
}

function notFound(repositoryName: string, reference: string): BreakwaterError {
  return new BreakwaterError(
    "NOT_FOUND",
    `The repository "${repositoryName.slice(0, 255)}" has no artifact "${reference.slice(0, 160)}", or there is no such repository.`,
  );
}

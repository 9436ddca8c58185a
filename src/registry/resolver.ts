import { sql } from "kysely";
import { Believed, type Database } from "../db/index.ts";
import type { Digest, Reference, RepositoryName, Soon } from "../kernel/index.ts";
import { unknownManifest } from "./refusals.ts";
import type { Repositories } from "./repositories.ts";

/** A manifest as it is served. */
export interface ResolvedManifest {
  readonly repositoryId: number;
  readonly projectId: number;
  readonly manifestId: number;
  /** The tag it was asked for by; null when by digest. */
  readonly tagId: number | null;
  readonly digest: Digest;
  readonly mediaType: string;
  readonly content: Uint8Array;
}

interface Found {
  readonly repository_id: number;
  readonly project_id: number;
  readonly manifest_id: number;
  readonly tag_id: number | null;
  readonly digest: string;
  readonly media_type: string;
  readonly blob_id: number;
}

/** Bytes of manifests kept in memory: of what is pulled all the time, not of everything. */
const contentCapacity = 64 * 1024 * 1024;
const perEntry = 512;

/**
 * Answers tags and digests with manifests. What a manifest's bytes are never changes; what a tag points to
 * is believed only as long as the database has seen no change since it was looked up.
 */
export class Resolver {
  readonly #database: Database;
  readonly #repositories: Repositories;
  readonly #known: Believed<string, ResolvedManifest>;

  constructor(database: Database, repositories: Repositories) {
    this.#database = database;
    this.#repositories = repositories;
    this.#known = new Believed(database, contentCapacity, ({ content }) => content.length + perEntry);
  }

  /** Answers at once when nothing has changed since it was last asked. Throws MANIFEST_UNKNOWN, NAME_UNKNOWN. */
  resolve(name: RepositoryName, reference: Reference): Soon<ResolvedManifest> {
    const text = reference.kind === "tag" ? reference.tag : reference.digest;
    return this.#known.get(`${name}\n${text}`, (before) => this.#read(name, reference, before));
  }

  async #read(
    name: RepositoryName,
    reference: Reference,
    before: ResolvedManifest | undefined,
  ): Promise<ResolvedManifest> {
    const found = await this.#find(name, reference);
    if (found === undefined) {
      await this.#repositories.get(name);
      throw unknownManifest(name, reference.kind === "tag" ? reference.tag : reference.digest);
    }
    const same = before?.manifestId === found.manifest_id && before.tagId === found.tag_id;
    return same ? before : this.#load(found);
  }

  #find(name: RepositoryName, reference: Reference): Promise<Found | undefined> {
    const { read } = this.#database;
    const base = read
      .selectFrom("repository")
      .innerJoin("manifest", "manifest.repository_id", "repository.id")
      .select([
        "repository.id as repository_id",
        "repository.project_id",
        "manifest.id as manifest_id",
        "manifest.digest",
        "manifest.media_type",
        "manifest.blob_id",
      ])
      .where("repository.name", "=", name);
    return reference.kind === "tag"
      ? base
          .innerJoin("tag", "tag.manifest_id", "manifest.id")
          .select("tag.id as tag_id")
          .whereRef("tag.repository_id", "=", "repository.id")
          .where("tag.name", "=", reference.tag)
          .executeTakeFirst()
      : base
          .select(sql<null>`null`.as("tag_id"))
          .where("manifest.digest", "=", reference.digest)
          .executeTakeFirst();
  }

  async #load(found: Found): Promise<ResolvedManifest> {
    const { content } = await this.#database.read
      .selectFrom("manifest_content")
      .select("content")
      .where("blob_id", "=", found.blob_id)
      .executeTakeFirstOrThrow();
    return {
      repositoryId: found.repository_id,
      projectId: found.project_id,
      manifestId: found.manifest_id,
      tagId: found.tag_id,
      digest: found.digest as Digest,
      mediaType: found.media_type,
      content,
    };
  }
}

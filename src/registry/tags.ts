import { type ObjectStore, tagLinkKey } from "../blobs/index.ts";
import type { Database, Tx } from "../db/index.ts";
import type { AuditLog, Events } from "../events/index.ts";
import type { Caller, Clock, Digest, RepositoryName } from "../kernel/index.ts";
import type { LinkRemoval } from "./link-removal.ts";
import { unknownManifest } from "./refusals.ts";
import type { Repositories } from "./repositories.ts";
import { settle } from "./standing.ts";

/** Points a tag to a manifest of its repository; answers the digest that it pointed to, null for a new tag. */
export async function setTag(
  tx: Tx,
  repositoryId: number,
  name: string,
  manifestId: number,
  now: number,
): Promise<string | null> {
  const before = await tx
    .selectFrom("tag")
    .innerJoin("manifest", "manifest.id", "tag.manifest_id")
    .select(["tag.manifest_id", "manifest.digest"])
    .where("tag.repository_id", "=", repositoryId)
    .where("tag.name", "=", name)
    .executeTakeFirst();
  await tx
    .insertInto("tag")
    .values({ repository_id: repositoryId, name, manifest_id: manifestId, pushed_at: now, pulled_at: null })
    .onConflict((conflict) =>
      conflict.columns(["repository_id", "name"]).doUpdateSet({ manifest_id: manifestId, pushed_at: now }),
    )
    .execute();
  await settle(tx, repositoryId, [manifestId, before?.manifest_id ?? manifestId]);
  return before?.digest ?? null;
}

/** Names of a list, and whether there are more behind them. */
export interface NamePage {
  readonly names: readonly string[];
  readonly more: boolean;
}

export class Tags {
  readonly #database: Database;
  readonly #objects: ObjectStore;
  readonly #clock: Clock;
  readonly #audit: AuditLog;
  readonly #repositories: Repositories;
  readonly #events: Events;
  readonly #links: LinkRemoval;

  constructor(
    database: Database,
    objects: ObjectStore,
    clock: Clock,
    audit: AuditLog,
    repositories: Repositories,
    events: Events,
    links: LinkRemoval,
  ) {
    this.#database = database;
    this.#objects = objects;
    this.#clock = clock;
    this.#audit = audit;
    this.#repositories = repositories;
    this.#events = events;
    this.#links = links;
  }

  /** Up to `limit` tags behind `last`, in ASCII order (specification 1.1, "Listing tags"). */
  async list(name: RepositoryName, limit: number, last: string | null): Promise<NamePage> {
    const repository = await this.#repositories.get(name);
    let query = this.#database.read
      .selectFrom("tag")
      .select("name")
      .where("repository_id", "=", repository.id)
      .orderBy("name")
      .limit(limit + 1);
    if (last !== null) query = query.where("name", ">", last);
    const names = (await query.execute()).map((row) => row.name);
    return { names: names.slice(0, limit), more: names.length > limit };
  }

  /** Deletes a tag and leaves its manifest. Throws MANIFEST_UNKNOWN. */
  async delete(caller: Caller, name: RepositoryName, tag: string): Promise<void> {
    await this.#links.write(async (tx, removeLink) => {
      const repository = await this.#repositories.get(name, tx);
      const deleted = await tx
        .deleteFrom("tag")
        .where("repository_id", "=", repository.id)
        .where("name", "=", tag)
        .returning("manifest_id")
        .executeTakeFirst();
      if (deleted === undefined) throw unknownManifest(name, tag);
      await settle(tx, repository.id, [deleted.manifest_id]);
      await this.#audit.record(tx, caller, {
        operation: "delete",
        resourceType: "tag",
        resource: `${name}:${tag}`,
        projectId: repository.projectId,
      });
      await removeLink({ kind: "tag", repository: name, tag });
    });
  }

  /** Points a new tag to a manifest that the repository holds; false when the tag exists already. */
  async create(caller: Caller, name: RepositoryName, tag: string, digest: Digest): Promise<boolean> {
    return this.#database.write(async (tx) => {
      const repository = await this.#repositories.get(name, tx);
      const manifest = await tx
        .selectFrom("manifest")
        .select("id")
        .where("repository_id", "=", repository.id)
        .where("digest", "=", digest)
        .executeTakeFirst();
      if (manifest === undefined) throw unknownManifest(name, digest);
      const taken = await tx
        .selectFrom("tag")
        .select("id")
        .where("repository_id", "=", repository.id)
        .where("name", "=", tag)
        .executeTakeFirst();
      if (taken !== undefined) return false;
      await setTag(tx, repository.id, tag, manifest.id, this.#clock());
      await this.#audit.record(tx, caller, {
        operation: "create",
        resourceType: "tag",
        resource: `${name}:${tag}`,
        projectId: repository.projectId,
        detail: digest,
      });
      const tags = [{ name: tag, before: null }];
      await this.#events.emit(tx, "tagsMoved", { repository: name, digest, tags, caller });
      await this.#objects.put(tagLinkKey(name, tag), digest);
      return true;
    });
  }
}

import { type ExpressionBuilder, sql } from "kysely";
import { blobKey, type ObjectStore } from "../blobs/index.ts";
import type { Database, Schema } from "../db/index.ts";
import { BreakwaterError, type Clock, type Digest, second } from "../kernel/index.ts";
import type { LinkRemoval } from "./link-removal.ts";
import { unlinkBlob } from "./links.ts";
import type { Untagged } from "./untagged.ts";

/** The kind of the job that collects garbage, and the name of its schedule: Harbor's. */
export const garbageCollection = "GARBAGE_COLLECTION";

export interface CollectionOptions {
  /** Milliseconds that content is kept after the last thing that named it. */
  readonly grace: number;
  /** Also delete manifests that nothing needs, pushed longer ago than that: untagged, unnamed, unreferring. */
  readonly deleteUntagged?: boolean;
  /** Only say what would be done. */
  readonly dryRun: boolean;
  /** Called now and then with what was done so far; a rejection stops the collection. */
  readonly onProgress?: (report: CollectionReport) => Promise<void>;
}

export interface CollectionReport {
  /** Manifests deleted because nothing needed them. Their content begins its grace period with that. */
  manifests: number;
  /** Blobs taken out of a repository in which no manifest named them. */
  unlinked: number;
  /** Blobs deleted from the storage. */
  deleted: number;
  /** Bytes that this freed. */
  freed: number;
}

/** Work of one transaction: small, so that pushes do not wait for it. */
const batchSize = 200;
/** Removals under way at once. */
const concurrency = 16;
/**
 * A database server takes the locks from who holds them for a minute without a sign of life. After that somebody may have
 * pushed the same bytes again: none is removed any more, however long a storage in trouble is asked again and again.
 */
const longestBatch = 30 * second;
/** The locks are seen to be there before each removal, and not during it. */
export const longestRemoval = 10 * second;

/**
 * Collects garbage while the registry works. What is garbage is known from the counters that each change
 * keeps, by an index over just the garbage: the cost follows what is deleted, not what is stored.
 *
 * A blob's row and its bytes go in one transaction, the row first: whoever wants to claim the blob waits for its
 * end and finds no row, and a row that something still refers to stops it before any byte is gone. A collector
 * that dies in between leaves a row without bytes, which nothing links; the next collection takes it, or a push
 * of the content brings the bytes again.
 */
export class Collector {
  readonly #database: Database;
  readonly #objects: ObjectStore;
  readonly #clock: Clock;
  readonly #links: LinkRemoval;
  readonly #untagged: Untagged;

  constructor(
    database: Database,
    objects: ObjectStore,
    clock: Clock,
    links: LinkRemoval,
    untagged: Untagged,
  ) {
    this.#database = database;
    this.#objects = objects;
    this.#clock = clock;
    this.#links = links;
    this.#untagged = untagged;
  }

  async collect(options: CollectionOptions): Promise<CollectionReport> {
    const cutoff = this.#clock() - options.grace;
    if (options.dryRun) {
      const manifests = options.deleteUntagged ? await this.#untagged.count(cutoff) : 0;
      return { manifests, ...(await this.#survey(cutoff)) };
    }
    const report: CollectionReport = { manifests: 0, unlinked: 0, deleted: 0, freed: 0 };
    while (options.deleteUntagged && (await this.#deleteManifests(cutoff, report))) {
      await options.onProgress?.(report);
    }
    while (await this.#unlinkSome(cutoff, report)) await options.onProgress?.(report);
    while (await this.#deleteSome(cutoff, report)) await options.onProgress?.(report);
    return report;
  }

  async #deleteManifests(cutoff: number, report: CollectionReport): Promise<boolean> {
    const deleted = await this.#untagged.deleteSome(cutoff);
    report.manifests += deleted;
    return deleted > 0;
  }

  /** Repositories let go of blobs that none of their manifests named for the grace period. */
  async #unlinkSome(cutoff: number, report: CollectionReport): Promise<boolean> {
    const links = await this.#links.write(async (tx, removeLink) => {
      const links = await tx
        .selectFrom("repository_blob")
        .innerJoin("repository", "repository.id", "repository_blob.repository_id")
        .innerJoin("blob", "blob.id", "repository_blob.blob_id")
        .select([
          "repository.id as repository_id",
          "repository.project_id",
          "repository.name",
          "repository_blob.orphaned_at",
          "blob.id",
          "blob.digest",
          "blob.size",
        ])
        .where("repository_blob.orphaned_at", "<=", cutoff)
        .where(({ not, exists }) => not(exists(namingManifest)))
        .limit(batchSize)
        .execute();
      for (const link of links) {
        const repository = { id: link.repository_id, projectId: link.project_id };
        await unlinkBlob(tx, repository, link, link.orphaned_at ?? cutoff);
      }
      await inParallel(links, ({ name, digest }) =>
        removeLink({ kind: "layer", repository: name, digest: digest as Digest }),
      );
      return links;
    });
    report.unlinked += links.length;
    return links.length === batchSize;
  }

  /** Blobs that no repository links leave the database and the storage. */
  async #deleteSome(cutoff: number, report: CollectionReport): Promise<boolean> {
    const deleted = await this.#database.write(async (tx) => {
      const begun = this.#clock();
      const deleted = await tx
        .deleteFrom("blob")
        .where("id", "in", (from) =>
          from.selectFrom("blob").select("id").where(isGarbage(cutoff, begun)).limit(batchSize),
        )
        .returning(["digest", "size"])
        .execute();
      await inParallel(deleted, async (blob) => {
        const left = begun + longestBatch - this.#clock();
        if (left < 0) throw tooSlow();
        // Fails when the connection has ended, and the locks with it.
        await sql`select 1`.execute(tx);
        await this.#objects.remove(blobKey(blob.digest as Digest), Math.min(left, longestRemoval));
      });
      return deleted;
    });
    report.deleted += deleted.length;
    report.freed += deleted.reduce((sum, blob) => sum + blob.size, 0);
    return deleted.length === batchSize;
  }

  /** What a collection would do now. Blobs that only the first step frees are counted with it. */
  async #survey(cutoff: number): Promise<Omit<CollectionReport, "manifests">> {
    const { read } = this.#database;
    const { unlinked } = await read
      .selectFrom("repository_blob")
      .select((expression) => expression.fn.countAll<number>().as("unlinked"))
      .where("orphaned_at", "<=", cutoff)
      .executeTakeFirstOrThrow();
    const orphans = read.selectFrom("blob").select(["id", "size"]).where(isGarbage(cutoff, this.#clock()));
    const losingAllLinks = read
      .selectFrom("repository_blob")
      .innerJoin("blob", "blob.id", "repository_blob.blob_id")
      .select(["blob.id", "blob.size"])
      .where("repository_blob.orphaned_at", "<=", cutoff)
      .groupBy(["blob.id", "blob.size", "blob.links"])
      .having((expression) => expression(expression.fn.countAll(), "=", expression.ref("blob.links")));
    const { deleted, freed } = await read
      .selectFrom(orphans.union(losingAllLinks).as("garbage"))
      .select((expression) => [
        expression.fn.countAll<number>().as("deleted"),
        expression.fn.sum<number | null>("size").as("freed"),
      ])
      .executeTakeFirstOrThrow();
    return { unlinked: Number(unlinked), deleted: Number(deleted), freed: Number(freed ?? 0) };
  }
}

/** A manifest of the repository that names the blob, whatever the counter says. */
const namingManifest = sql<number>`(
  select 1 from manifest_blob
  inner join manifest on manifest.id = manifest_blob.manifest_id
  where manifest_blob.blob_id = repository_blob.blob_id
    -- The sum keeps the engine from going through all of the repository's manifests.
    and manifest.repository_id + 0 = repository_blob.repository_id)`;

/** Blobs that nothing links and nobody is about to link. The counter is not trusted alone with bytes. */
function isGarbage(cutoff: number, now: number) {
  return (expression: ExpressionBuilder<Schema, "blob">) =>
    expression.and([
      expression("orphaned_at", "<=", cutoff),
      expression("links", "=", 0),
      expression.or([expression("claimed_until", "is", null), expression("claimed_until", "<", now)]),
      expression.not(
        expression.exists(
          expression
            .selectFrom("repository_blob")
            .select("repository_blob.blob_id")
            .whereRef("repository_blob.blob_id", "=", "blob.id"),
        ),
      ),
    ]);
}

function tooSlow(): BreakwaterError {
  return new BreakwaterError(
    "UNAVAILABLE",
    "The storage is so slow to delete that the collection was broken off; it goes on another time.",
  );
}

/** Rejects when one fails, but not before all have ended: none may still be at it after the transaction. */
async function inParallel<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const queue = items.values();
  const workers = Array.from({ length: concurrency }, async () => {
    for (const item of queue) await work(item);
  });
  const failed = (await Promise.allSettled(workers)).find(({ status }) => status === "rejected");
  if (failed?.status === "rejected") throw failed.reason;
}

import type { ExpressionBuilder } from "kysely";
import { blobKey, layerLinkKey, type ObjectStore } from "../blobs/index.ts";
import type { Database, Schema } from "../db/index.ts";
import { type Clock, type Digest, minute } from "../kernel/index.ts";
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
/** How long a blob stays marked as being deleted if the collector dies; far longer than a batch takes. */
const deletionTerm = 5 * minute;

/**
 * Collects garbage while the registry works. What is garbage is known from the counters that each change
 * keeps, by an index over just the garbage: the cost follows what is deleted, not what is stored.
 *
 * A blob's bytes go in three steps: its row is marked `deleting`, after which nothing can claim or link it;
 * its bytes are removed; the row goes. A collector that dies in between leaves a marked row, which the next
 * collection finishes or an upload of the same content takes over once the mark has run out.
 */
export class Collector {
  readonly #database: Database;
  readonly #objects: ObjectStore;
  readonly #clock: Clock;
  readonly #untagged: Untagged;

  constructor(database: Database, objects: ObjectStore, clock: Clock, untagged: Untagged) {
    this.#database = database;
    this.#objects = objects;
    this.#clock = clock;
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
    const links = await this.#database.write(async (tx) => {
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
        .limit(batchSize)
        .execute();
      for (const link of links) {
        const repository = { id: link.repository_id, projectId: link.project_id };
        await unlinkBlob(tx, repository, link, link.orphaned_at ?? cutoff);
      }
      await inParallel(links, (link) => this.#objects.remove(layerLinkKey(link.name, link.digest as Digest)));
      return links;
    });
    report.unlinked += links.length;
    return links.length === batchSize;
  }

  /** Blobs that no repository links leave the storage. */
  async #deleteSome(cutoff: number, report: CollectionReport): Promise<boolean> {
    const doomed = await this.#mark(cutoff);
    const begun = this.#clock();
    await inParallel(doomed, async (blob) => {
      // A machine that slept must not delete what has been pushed anew since.
      if (this.#clock() - begun > deletionTerm / 2) throw new Error("The collection took too long to go on.");
      await this.#objects.remove(blobKey(blob.digest as Digest));
    });
    if (doomed.length > 0) {
      await this.#database.write((tx) =>
        tx
          .deleteFrom("blob")
          .where(
            "id",
            "in",
            doomed.map((blob) => blob.id),
          )
          .where("state", "=", "deleting")
          .execute(),
      );
    }
    report.deleted += doomed.length;
    report.freed += doomed.reduce((sum, blob) => sum + blob.size, 0);
    return doomed.length === batchSize;
  }

  #mark(cutoff: number): Promise<{ id: number; digest: string; size: number }[]> {
    return this.#database.write(async (tx) => {
      const now = this.#clock();
      return tx
        .updateTable("blob")
        .set({ state: "deleting", claimed_until: now + deletionTerm })
        .where("id", "in", (from) =>
          from.selectFrom("blob").select("id").where(isGarbage(cutoff, now)).limit(batchSize),
        )
        .returning(["id", "digest", "size"])
        .execute();
    });
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

/** Blobs that nothing links and nobody is about to link, and those that a collector died at. */
function isGarbage(cutoff: number, now: number) {
  return (expression: ExpressionBuilder<Schema, "blob">) =>
    expression.and([
      expression("orphaned_at", "<=", cutoff),
      expression("links", "=", 0),
      expression.or([expression("claimed_until", "is", null), expression("claimed_until", "<", now)]),
    ]);
}

async function inParallel<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const queue = items.values();
  await Promise.all(
    Array.from({ length: concurrency }, async () => {
      for (const item of queue) await work(item);
    }),
  );
}

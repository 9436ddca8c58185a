import { mkdir } from "node:fs/promises";
import { blobKey } from "../../blobs/index.ts";
import { BreakwaterError, Courtesy, type Digest, day, hour, minute } from "../../kernel/index.ts";
import {
  ImageBudget,
  type ImageLayer,
  type ImageLimits,
  type InspectedLayer,
  inspectLayer,
  readerVersion,
} from "../inventory/index.ts";
import type { ImagesOptions } from "./options.ts";

const elsewhere =
  "It does not lie in this repository but where its descriptor says, so that it cannot be read.";
const unreadableAnswer = "What was read of it is of another version of this program.";

/** As many as Linux lays over one another: an image with more runs nowhere. */
const maxLayers = 500;
const tooMany = `It is one of more than ${maxLayers} layers, which are not read.`;

/** What reading the layers of one image may take at once, so that others have their turn. */
const maxReading = hour;
const putOff: InspectedLayer = {
  failure: "The image's other layers took so long to read that this one was put off.",
  mayPass: true,
};

/** In place of a reader's version, where a layer was not read for reasons that may pass. */
const noReader = 0;
const shortestPause = 10 * minute;
const longestPause = 7 * day;

export interface LayersOptions extends Pick<ImagesOptions, "database" | "clock" | "temporaryFolder"> {
  readonly objects: Pick<ImagesOptions["objects"], "stat" | "body">;
  /** Of one image; the budget's own by default. */
  readonly limits?: ImageLimits;
}

/** What is inside layers, read once for all images that have them. */
export class Layers {
  readonly #options: LayersOptions;

  constructor(options: LayersOptions) {
    this.#options = options;
  }

  /**
   * What each of these is known to hold, in their order; those that nobody has read yet are read. A layer that is not
   * what it should be is one with a failure; a storage that does not answer throws. Who names a digest as lying
   * elsewhere has no right to what is behind it: only what the repository holds is looked at.
   */
  async of(
    repositoryId: number,
    digests: readonly Digest[],
    signal: AbortSignal,
  ): Promise<readonly ImageLayer[]> {
    const started = this.#options.clock();
    const known = new Map<Digest, ImageLayer>();
    const budget = new ImageBudget(this.#options.limits);
    const courtesy = new Courtesy();
    for (const row of await this.#held(repositoryId, digests.slice(0, maxLayers))) {
      signal.throwIfAborted();
      if (courtesy.due) await courtesy.pause();
      known.set(
        row.digest,
        (await this.#known(row, budget)) ?? (await this.#learn(row, started, budget, signal)),
      );
    }
    return digests.map((digest, index) => {
      const failure = index < maxLayers ? elsewhere : tooMany;
      return known.get(digest) ?? { digest, failure };
    });
  }

  /** The images with layers that were not read for reasons that may have passed. */
  async imagesToRetry(): Promise<readonly number[]> {
    const rows = await this.#options.database.read
      .selectFrom("layer_inventory")
      .innerJoin("blob", "blob.id", "layer_inventory.blob_id")
      .innerJoin("manifest_blob", "manifest_blob.blob_id", "blob.id")
      .innerJoin("image_scan", "image_scan.manifest_id", "manifest_blob.manifest_id")
      .select(["image_scan.manifest_id", "reader", "read_at", "created_at"])
      .where("reader", "=", noReader)
      .where("image_scan.state", "=", "done")
      .execute();
    return [...new Set(rows.filter((row) => !this.#isPaused(row)).map(({ manifest_id }) => manifest_id))];
  }

  /** Those of the layers that lie in the repository, each once, in their order. */
  async #held(repositoryId: number, digests: readonly Digest[]): Promise<readonly HeldLayer[]> {
    const rows = await this.#options.database.read
      .selectFrom("blob")
      .innerJoin("repository_blob", "repository_blob.blob_id", "blob.id")
      .leftJoin("layer_inventory", "layer_inventory.blob_id", "blob.id")
      .select(["blob.id", "blob.digest", "blob.created_at", "reader", "failure", "read_at"])
      .where("repository_blob.repository_id", "=", repositoryId)
      .where("blob.digest", "in", digests)
      .execute();
    const byDigest = new Map(rows.map((row) => [row.digest, row]));
    return [...new Set(digests)].flatMap((digest) => {
      const row = byDigest.get(digest);
      return row === undefined ? [] : [{ ...row, digest }];
    });
  }

  /** What this version of the reader has found in a layer; null for one that is to be read. */
  async #known(row: HeldLayer, budget: ImageBudget): Promise<ImageLayer | null> {
    const { id, digest, reader, failure } = row;
    const stands = reader === readerVersion || this.#isPaused(row);
    if (stands && failure !== null) return { digest, failure, mayPass: reader === noReader };
    if (budget.isSpent) return budget.refuse(digest);
    if (!stands) return null;
    // One after the other: those of all layers may be more than the memory holds.
    const stored = await this.#options.database.read
      .selectFrom("layer_inventory")
      .select("content")
      .where("blob_id", "=", id)
      .executeTakeFirst();
    return stored?.content == null ? null : budget.take(digest, stored.content);
  }

  /** Reads a layer of an image that was begun with at `started`. */
  async #learn(
    row: HeldLayer,
    started: number,
    budget: ImageBudget,
    signal: AbortSignal,
  ): Promise<ImageLayer> {
    const isLate = this.#options.clock() - started > maxReading;
    return this.#store(row, isLate ? putOff : await this.#read(row.digest, signal), budget);
  }

  /** Whether a layer is to be left alone for now: each time as long again as it has been there. */
  #isPaused(row: Pick<HeldLayer, "reader" | "read_at" | "created_at">): boolean {
    if (row.reader !== noReader || row.read_at === null) return false;
    const pause = Math.min(longestPause, Math.max(shortestPause, row.read_at - row.created_at));
    return this.#options.clock() < row.read_at + pause;
  }

  async #read(digest: Digest, signal: AbortSignal): Promise<InspectedLayer> {
    const { objects, temporaryFolder } = this.#options;
    const key = blobKey(digest);
    if ((await objects.stat(key)) === null) {
      throw new BreakwaterError("BLOB_UNKNOWN", `The storage does not have the layer ${digest}.`);
    }
    await mkdir(temporaryFolder, { recursive: true });
    return inspectLayer(() => objects.body(key), { signal, temporaryFolder });
  }

  async #store({ id, digest }: HeldLayer, result: InspectedLayer, budget: ImageBudget): Promise<ImageLayer> {
    const { database, clock } = this.#options;
    const row = {
      reader: "failure" in result && result.mayPass ? noReader : readerVersion,
      failure: "failure" in result ? result.failure : null,
      content: "failure" in result ? null : result.inventory,
      read_at: clock(),
    };
    await database.write((tx) =>
      tx
        .insertInto("layer_inventory")
        .values({ blob_id: id, ...row })
        .onConflict((conflict) => conflict.column("blob_id").doUpdateSet(row))
        .execute(),
    );
    if ("failure" in result) return { digest, ...result };
    return budget.take(digest, result.inventory) ?? { digest, failure: unreadableAnswer };
  }
}

/** A layer that lies in the repository, and how its last reading went. */
interface HeldLayer {
  readonly id: number;
  readonly digest: Digest;
  readonly created_at: number;
  readonly reader: number | null;
  readonly failure: string | null;
  readonly read_at: number | null;
}

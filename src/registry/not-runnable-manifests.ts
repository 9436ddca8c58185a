import { blobKey, type ObjectStore } from "../blobs/index.ts";
import type { Database } from "../db/index.ts";
import { type Digest, Lru } from "../kernel/index.ts";
import { beginsArchive, headLength } from "./archives.ts";
import { layersAboutImages } from "./layers-about-images.ts";

/** Manifests that are read at once: each may have 4 MiB. */
const batchSize = 8;

/**
 * Knows which stored manifests say something about an image and cannot be run themselves: none of their layers is
 * said to be part of a file system, and none could be unpacked as one. Those stay readable where images are not, or
 * nobody could ever sign or scan. What a manifest is never changes, so it is remembered by digest.
 */
export class NotRunnableManifests {
  readonly #database: Database;
  readonly #objects: Pick<ObjectStore, "read">;
  readonly #known = new Lru<string, boolean>(50_000);

  constructor(database: Database, objects: Pick<ObjectStore, "read">) {
    this.#database = database;
    this.#objects = objects;
  }

  /** Whether the manifest with that content is one of them. */
  async has({
    digest,
    content,
  }: {
    readonly digest: string;
    readonly content: Uint8Array;
  }): Promise<boolean> {
    const known = this.#known.get(digest);
    if (known !== undefined) return known;
    const found = await this.#look(content);
    this.#known.set(digest, found);
    return found;
  }

  /** The ids of those that are. */
  async among(
    manifests: readonly { readonly id: number; readonly digest: string }[],
  ): Promise<ReadonlySet<number>> {
    const found = new Set<number>();
    const unknown: number[] = [];
    for (const { id, digest } of manifests) {
      const known = this.#known.get(digest);
      if (known === undefined) unknown.push(id);
      else if (known) found.add(id);
    }
    for (let from = 0; from < unknown.length; from += batchSize) {
      for (const manifest of await this.#read(unknown.slice(from, from + batchSize))) {
        if (await this.has(manifest)) found.add(manifest.id);
      }
    }
    return found;
  }

  async #look(content: Uint8Array): Promise<boolean> {
    const layers = layersAboutImages(content);
    if (layers === null) return false;
    for (const layer of layers) if (beginsArchive(await this.#headOf(layer))) return false;
    return true;
  }

  async #headOf(layer: Digest): Promise<Uint8Array> {
    const chunks: Uint8Array[] = [];
    for await (const chunk of this.#objects.read(blobKey(layer), 0, headLength)) chunks.push(chunk);
    return Buffer.concat(chunks);
  }

  #read(ids: readonly number[]) {
    return this.#database.read
      .selectFrom("manifest")
      .innerJoin("manifest_content", "manifest_content.blob_id", "manifest.blob_id")
      .select(["manifest.id", "manifest.digest", "manifest_content.content"])
      .where("manifest.id", "in", ids)
      .execute();
  }
}

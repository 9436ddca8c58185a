import { z } from "zod";
import { blobKey, type ObjectStore } from "../blobs/index.ts";
import { batches, type Database } from "../db/index.ts";
import { indexTypes, isDigest, Lru } from "../kernel/index.ts";
import {
  type Attributes,
  attributesOf,
  historyOf,
  type ImageManifest,
  imageManifest,
} from "./artifact-attributes.ts";

/** What is inside an artifact, as its manifest and config tell it. */
export interface Details {
  readonly attributes: Attributes | null;
  /** Of an index: what it names. */
  readonly references: readonly Reference[];
}

/** An entry of an index. */
export type Reference = z.infer<typeof reference>;

/** What tells where an artifact's content lies. */
export interface ArtifactContent {
  readonly digest: string;
  readonly blobId: number;
  /** The manifest's own. */
  readonly mediaType: string;
  readonly type: string;
  /** Bytes of the manifest. */
  readonly size: number;
}

/** Bytes of a manifest or config; of a larger one no details are told. */
const maxSize = 1024 * 1024;
/** Bytes of manifests that are read at once. */
const maxBatch = 8 * maxSize;
/** Bytes of details kept in memory. */
const capacity = 32 * 1024 * 1024;

const text = z.string().optional().catch(undefined);
const texts = z.array(z.string()).optional().catch(undefined);
const reference = z.object({
  digest: z.string(),
  platform: z
    .object({ architecture: text, os: text, variant: text, "os.version": text, "os.features": texts })
    .optional()
    .catch(undefined),
  annotations: z.record(z.string(), z.string()).optional().catch(undefined),
  urls: texts,
});
const imageIndex = z.object({ manifests: z.array(reference) });

const nothing: Details = { attributes: null, references: [] };

/** Reads what lies inside artifacts. It never changes, so it is remembered by digest. */
export class ArtifactDetails {
  readonly #database: Database;
  readonly #objects: ObjectStore;
  readonly #known = new Lru<string, { details: Details; size: number }>(capacity, ({ size }) => size);

  constructor(database: Database, objects: ObjectStore) {
    this.#database = database;
    this.#objects = objects;
  }

  /** The details of these, by digest. */
  async of(artifacts: readonly ArtifactContent[]): Promise<ReadonlyMap<string, Details>> {
    const found = new Map<string, Details>();
    const unknown = new Map<string, ArtifactContent>();
    for (const artifact of artifacts) {
      const known = this.#known.get(artifact.digest);
      if (known !== undefined) found.set(artifact.digest, known.details);
      else unknown.set(artifact.digest, artifact);
    }
    for (const some of portions([...unknown.values()])) {
      const manifests = await this.#manifests(some);
      await Promise.all(
        some.map(async (artifact) => {
          found.set(artifact.digest, await this.#read(artifact, manifests.get(artifact.blobId)));
        }),
      );
    }
    return found;
  }

  /** How the image was built, by its config. */
  async history(artifact: ArtifactContent): Promise<readonly unknown[]> {
    const manifests = await this.#manifests([artifact]);
    const manifest = imageManifest.safeParse(manifests.get(artifact.blobId));
    return manifest.success ? historyOf(await this.#config(manifest.data)) : [];
  }

  async #read(artifact: ArtifactContent, manifest: unknown): Promise<Details> {
    const details = indexTypes.has(artifact.mediaType)
      ? { attributes: null, references: imageIndex.safeParse(manifest).data?.manifests ?? [] }
      : await this.#readImage(artifact, manifest);
    const size = sizeOf(details);
    if (size === null) return nothing;
    this.#known.set(artifact.digest, { details, size });
    return details;
  }

  async #readImage(artifact: ArtifactContent, json: unknown): Promise<Details> {
    const manifest = imageManifest.safeParse(json);
    if (!manifest.success) return nothing;
    const config = await this.#config(manifest.data);
    return { attributes: attributesOf(artifact.type, manifest.data, config), references: [] };
  }

  async #manifests(artifacts: readonly ArtifactContent[]): Promise<ReadonlyMap<number, unknown>> {
    const ids = artifacts.filter(({ size }) => size <= maxSize).map(({ blobId }) => blobId);
    const rows = [];
    for (const some of batches(ids)) {
      rows.push(
        ...(await this.#database.read
          .selectFrom("manifest_content")
          .selectAll()
          .where("blob_id", "in", some)
          .execute()),
      );
    }
    return new Map(rows.map((row) => [row.blob_id, parse(row.content)]));
  }

  async #config({ config }: ImageManifest): Promise<unknown> {
    if (!isDigest(config.digest)) return undefined;
    // A byte more than is taken tells what is too large, whatever its descriptor says.
    const content = this.#objects.read(blobKey(config.digest), 0, maxSize + 1);
    const chunks = await Array.fromAsync(content).catch(() => null);
    if (chunks === null) return undefined;
    const bytes = Buffer.concat(chunks);
    return bytes.length > maxSize ? undefined : parse(bytes);
  }
}

function* portions(artifacts: readonly ArtifactContent[]): Iterable<readonly ArtifactContent[]> {
  let portion: ArtifactContent[] = [];
  let size = 0;
  for (const artifact of artifacts) {
    if (size > 0 && size + artifact.size > maxBatch) {
      yield portion;
      [portion, size] = [[], 0];
    }
    portion.push(artifact);
    size += Math.min(artifact.size, maxSize);
  }
  if (portion.length > 0) yield portion;
}

/** Undefined for what is no JSON. */
function parse(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return undefined;
  }
}

/** What the details take as JSON; null when they are nested too deeply to be written at all. */
function sizeOf(details: Details): number | null {
  try {
    return JSON.stringify(details).length + 256;
  } catch {
    return null;
  }
}

import { blobKey, type ObjectStore } from "../../../blobs/index.ts";
import type { Database } from "../../../db/index.ts";
import { type Digest, isDigest, isRefusal, Lru } from "../../../kernel/index.ts";
import type { ImageNames } from "../image.ts";
import { limits } from "./invalid.ts";
import { readAttached } from "./read.ts";
import { isNewer, type VexDocument, type VexStatement } from "./statement.ts";
import { type Referrer, trustedReferrers, type VexTrust } from "./trusted.ts";

const maxLayers = 8;

const layerTypes: ReadonlySet<string> = new Set([
  "application/vnd.openvex+json",
  "application/openvex+json",
  "application/vex+json",
  "application/csaf+json",
  "application/vnd.csaf+json",
  "application/vnd.oasis.csaf+json",
  "application/vnd.in-toto+json",
  "application/vnd.dsse.envelope.v1+json",
]);
const sigstoreBundle = /^application\/vnd\.dev\.sigstore\.bundle(?:\.v[\d.]+)?\+json/;

/**
 * Reads the VEX documents that were pushed beside images, by referrers (specification 1.1). Those under cosign's older
 * tags (`sha256-….att`) do not count: whoever adds an attestation there pushes all earlier ones again as their own.
 */
export class AttachedVexDocuments {
  readonly #database: Database;
  readonly #objects: Pick<ObjectStore, "read">;
  /** What a manifest holds never changes. */
  readonly #known = new Lru<string, readonly VexDocument[]>(
    200_000,
    (documents) => 1 + documents.reduce((sum, { statements }) => sum + statements.length, 0),
  );

  constructor(database: Database, objects: Pick<ObjectStore, "read">) {
    this.#database = database;
    this.#objects = objects;
  }

  /**
   * What trusted documents say that are attached to the image or to an index of it. Null where there are more of them
   * than are read: what is not read may say the contrary of everything else.
   */
  async of(image: ImageNames, trust: VexTrust): Promise<readonly VexStatement[] | null> {
    const referrers = await trustedReferrers(this.#database, image, trust);
    if (referrers === null) return null;
    const newest = new Map<string, VexDocument>();
    for (const referrer of referrers) {
      for (const document of await this.#documents(referrer)) {
        const key = JSON.stringify([document.format, document.author, document.name]);
        const known = newest.get(key);
        if (known === undefined || isNewer(document, known)) newest.set(key, document);
      }
    }
    return [...newest.values()].flatMap(({ statements }) => statements);
  }

  async #documents({ digest, content }: Referrer): Promise<readonly VexDocument[]> {
    const known = this.#known.get(digest);
    if (known !== undefined) return known;
    const documents: VexDocument[] = [];
    for (const layer of vexLayers(content)) {
      const document = await this.#read(layer);
      if (document !== null) documents.push(document);
    }
    this.#known.set(digest, documents);
    return documents;
  }

  /** Null for what is no VEX document: it says nothing, and whoever pushed it may have meant something else. */
  async #read(layer: Digest): Promise<VexDocument | null> {
    const chunks: Uint8Array[] = [];
    // The size that the manifest says of it is its pusher's word: one byte too many is refused below.
    for await (const chunk of this.#objects.read(blobKey(layer), 0, limits.bytes + 1)) chunks.push(chunk);
    try {
      return readAttached(Buffer.concat(chunks));
    } catch (error) {
      if (isRefusal(error, "BAD_REQUEST")) return null;
      throw error;
    }
  }
}

function vexLayers(manifest: Uint8Array): readonly Digest[] {
  const { layers = [] } = JSON.parse(new TextDecoder().decode(manifest)) as {
    layers?: readonly { readonly mediaType: string; readonly digest: string; readonly size: number }[];
  };
  const fit = layers.filter(
    ({ mediaType, digest, size }) =>
      (layerTypes.has(mediaType) || sigstoreBundle.test(mediaType)) &&
      isDigest(digest) &&
      size <= limits.bytes,
  );
  return fit.slice(0, maxLayers).map(({ digest }) => digest as Digest);
}

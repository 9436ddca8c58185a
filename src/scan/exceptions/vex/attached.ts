import { blobKey, type ObjectStore } from "../../../blobs/index.ts";
import type { Database } from "../../../db/index.ts";
import { type Digest, isDigest, isRefusal, Lru } from "../../../kernel/index.ts";
import type { ImageNames } from "../image.ts";
import { limits } from "./invalid.ts";
import { readAttached } from "./read.ts";
import { isNewer, type VexDocument, type VexStatement } from "./statement.ts";

/** Whose referrers a project believes. */
export interface VexTrust {
  /** `user:<name>` and `robot:<name>`. */
  readonly pushers: readonly string[];
  /** Of the digests of referrers those that are signed as the project demands; null where signatures do not count. */
  readonly signed: ((digests: readonly string[]) => Promise<ReadonlySet<string>>) | null;
}

/** Of one image, the newest: each has to be read. */
const maxReferrers = 100;
/** Bytes of a referrer's manifest: it has a layer or two. */
const maxManifest = 64 * 1024;
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

interface Referrer {
  readonly digest: string;
  readonly content: Uint8Array;
}

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

  /** What trusted documents say that are attached to the image or to an index of it. */
  async of(image: ImageNames, trust: VexTrust): Promise<readonly VexStatement[]> {
    const newest = new Map<string, VexDocument>();
    for (const referrer of await this.#trusted(image, trust)) {
      for (const document of await this.#documents(referrer)) {
        const key = JSON.stringify([document.format, document.author, document.name]);
        const known = newest.get(key);
        if (known === undefined || isNewer(document, known)) newest.set(key, document);
      }
    }
    return [...newest.values()].flatMap(({ statements }) => statements);
  }

  async #trusted(image: ImageNames, { pushers, signed }: VexTrust): Promise<readonly Referrer[]> {
    const referrers = this.#database.read
      .selectFrom("manifest")
      .innerJoin("manifest_content", "manifest_content.blob_id", "manifest.blob_id")
      .select(["manifest.digest", "manifest_content.content"])
      .where("manifest.repository_id", "=", image.repositoryId)
      .where("manifest.subject_digest", "in", [...image.digests])
      .where("manifest.size", "<=", maxManifest)
      .orderBy("manifest.id", "desc")
      .limit(maxReferrers);
    const found = new Map<string, Referrer>();
    if (pushers.length > 0) {
      const pushed = await referrers
        .where((where) =>
          where.exists(
            where
              .selectFrom("referrer_pusher")
              .select("referrer_pusher.name")
              .whereRef("referrer_pusher.manifest_id", "=", "manifest.id")
              .where((where) =>
                where.or(
                  pushers.map((pusher) => {
                    const colon = pusher.indexOf(":");
                    return where.and([
                      where("referrer_pusher.kind", "=", pusher.slice(0, colon) as "user" | "robot"),
                      where("referrer_pusher.name", "=", pusher.slice(colon + 1)),
                    ]);
                  }),
                ),
              ),
          ),
        )
        .execute();
      for (const referrer of pushed) found.set(referrer.digest, referrer);
    }
    if (signed !== null) {
      const all = await referrers.execute();
      const good = await signed(all.map(({ digest }) => digest));
      for (const referrer of all) if (good.has(referrer.digest)) found.set(referrer.digest, referrer);
    }
    return [...found.values()];
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

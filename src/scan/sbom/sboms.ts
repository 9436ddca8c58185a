import { blobKey, type ObjectStore } from "../../blobs/index.ts";
import type { Database } from "../../db/index.ts";
import { BreakwaterError, type Digest } from "../../kernel/index.ts";
import type { ArtifactRef } from "../../registry/index.ts";
import type { ImageInventory } from "../inventory/package.ts";
import { type SbomFormat, writeSbom } from "./format.ts";
import { candidatesOf, type Origin } from "./pushed/candidates.ts";
import { documentsIn, type SbomDocument } from "./pushed/document.ts";
import { unwrap } from "./pushed/unwrap.ts";

export interface SbomsOptions {
  readonly database: Database;
  readonly objects: Pick<ObjectStore, "read">;
  /** What the built-in scanner has seen in an image, by the manifest's id; null where it has seen nothing. */
  readonly inventory: (manifestId: number) => Promise<ImageInventory | null>;
  /** The host by which people know this registry; null where they know none. */
  readonly registry: string | null;
}

/** An SBOM that somebody pushed. */
export interface PushedSbom extends SbomDocument {
  /** The manifest that holds it. */
  readonly artifact: Digest;
  readonly origin: Origin;
  /** Milliseconds since 1970. */
  readonly pushedAt: number;
}

/** Bytes of a document that is answered from here: a larger one can be pulled. */
const maxDocument = 32 * 1024 * 1024;

/** SBOMs of images: what the built-in scanner says is inside, and what others have pushed. */
export class Sboms {
  readonly #options: SbomsOptions;

  constructor(options: SbomsOptions) {
    this.#options = options;
  }

  /** What is inside the image. Throws PRECONDITION while nobody has looked, or nobody could. */
  async write({ id, digest, repository }: ArtifactRef, format: SbomFormat): Promise<Uint8Array> {
    const inventory = await this.#options.inventory(id);
    const at = await this.scannedAt(id);
    if (inventory === null || at === null) {
      throw new BreakwaterError(
        "PRECONDITION",
        `Nobody has looked into ${repository.name}@${digest} yet, or nobody could. Scan it; of an index scan and name one of its images.`,
      );
    }
    const { registry } = this.#options;
    return writeSbom({ repository: repository.name, digest, registry, inventory, at }, format);
  }

  /** When the image was looked into, milliseconds since 1970; null while it was not. */
  async scannedAt(manifestId: number): Promise<number | null> {
    const row = await this.#options.database.read
      .selectFrom("image_scan")
      .select("inventoried_at")
      .where("manifest_id", "=", manifestId)
      .executeTakeFirst();
    return row?.inventoried_at ?? null;
  }

  /** What was pushed about the image, the newest first. Nobody has checked that it is true. */
  async pushed({ digest, repository }: ArtifactRef): Promise<readonly PushedSbom[]> {
    const candidates = await candidatesOf(this.#options.database, repository.id, digest);
    return candidates.flatMap(({ digest: artifact, content, pushedAt, origin }) =>
      documentsIn(content).map((document) => ({ ...document, artifact, origin, pushedAt })),
    );
  }

  /** The SBOMs that an artifact itself holds; none of an image. */
  async heldBy({ id }: ArtifactRef): Promise<readonly SbomDocument[]> {
    const row = await this.#options.database.read
      .selectFrom("manifest")
      .innerJoin("manifest_content", "manifest_content.blob_id", "manifest.blob_id")
      .select("manifest_content.content")
      .where("manifest.id", "=", id)
      .executeTakeFirst();
    return row === undefined ? [] : documentsIn(row.content);
  }

  /** A document's bytes, without what is around it. Throws BAD_REQUEST for one too large, or for none. */
  async read({ digest, size, attested }: SbomDocument): Promise<Uint8Array> {
    if (size > maxDocument) {
      throw new BreakwaterError(
        "BAD_REQUEST",
        `The SBOM ${digest} has ${size} bytes, and more than ${maxDocument} are not shown. Pull it as a blob.`,
      );
    }
    const chunks = await Array.fromAsync(this.#options.objects.read(blobKey(digest), 0, maxDocument));
    const content = Buffer.concat(chunks);
    return attested ? unwrap(content) : content;
  }
}

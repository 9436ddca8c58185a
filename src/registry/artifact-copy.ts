import type { Database } from "../db/index.ts";
import type { Caller, Digest, RepositoryName } from "../kernel/index.ts";
import type { ArtifactRef } from "./artifacts.ts";
import type { Blobs } from "./blobs.ts";
import { parseManifest } from "./manifest-document.ts";
import type { Manifests } from "./manifests.ts";
import { unknownBlob } from "./refusals.ts";
import type { ResolvedManifest, Resolver } from "./resolver.ts";

/** Tags set by one transaction. */
const tagsAtOnce = 50;

/** Copies artifacts between repositories: no byte of a blob moves. */
export class ArtifactCopy {
  readonly #database: Database;
  readonly #blobs: Pick<Blobs, "mount">;
  readonly #manifests: Pick<Manifests, "put">;
  readonly #resolver: Pick<Resolver, "resolve">;

  constructor(
    database: Database,
    blobs: Pick<Blobs, "mount">,
    manifests: Pick<Manifests, "put">,
    resolver: Pick<Resolver, "resolve">,
  ) {
    this.#database = database;
    this.#blobs = blobs;
    this.#manifests = manifests;
    this.#resolver = resolver;
  }

  /**
   * Copies an artifact with its tags, with what it names as an index, and with what refers to any of them:
   * an image without its signatures would be another. Throws what a push to `target` throws.
   */
  async copy(caller: Caller, source: ArtifactRef, target: RepositoryName): Promise<void> {
    const from = source.repository.name as RepositoryName;
    const parts = await this.#partsOf(from, source.digest);
    for (const digest of parts) await this.#copyOne(caller, from, target, digest);
    const tags = await this.#tagsOf(source.id);
    for (let first = 0; first < tags.length; first += tagsAtOnce) {
      const { content, mediaType } = await this.#read(from, source.digest);
      await this.#manifests.put(caller, target, {
        content,
        contentType: mediaType,
        digest: source.digest,
        tags: tags.slice(first, first + tagsAtOnce),
        copyOf: from,
      });
    }
  }

  /** All that is to be copied for a manifest, in the order in which a client would push it. */
  async #partsOf(from: RepositoryName, root: Digest): Promise<Iterable<Digest>> {
    const parts = new Set<Digest>();
    const visit = async (digest: Digest): Promise<void> => {
      if (parts.has(digest)) return;
      const { content, mediaType } = await this.#read(from, digest);
      for (const child of parseManifest(content, mediaType).children) await visit(child);
      parts.add(digest);
      for (const referrer of await this.#referrersOf(from, digest)) await visit(referrer);
    };
    await visit(root);
    return parts;
  }

  async #copyOne(
    caller: Caller,
    from: RepositoryName,
    target: RepositoryName,
    digest: Digest,
  ): Promise<void> {
    if (await this.#holds(target, digest)) return;
    const { content, mediaType } = await this.#read(from, digest);
    for (const blob of parseManifest(content, mediaType).blobs) {
      if (!(await this.#blobs.mount(target, from, blob))) throw unknownBlob(from, blob);
    }
    await this.#manifests.put(caller, target, {
      content,
      contentType: mediaType,
      digest,
      tags: [],
      copyOf: from,
    });
  }

  #read(name: RepositoryName, digest: Digest): ResolvedManifest | Promise<ResolvedManifest> {
    return this.#resolver.resolve(name, { kind: "digest", digest });
  }

  async #holds(name: RepositoryName, digest: Digest): Promise<boolean> {
    const row = await this.#manifestsOf(name).where("manifest.digest", "=", digest).executeTakeFirst();
    return row !== undefined;
  }

  async #referrersOf(name: RepositoryName, digest: Digest): Promise<readonly Digest[]> {
    const rows = await this.#manifestsOf(name).where("manifest.subject_digest", "=", digest).execute();
    return rows.map((row) => row.digest as Digest);
  }

  async #tagsOf(manifestId: number): Promise<readonly string[]> {
    const rows = await this.#database.read
      .selectFrom("tag")
      .select("name")
      .where("manifest_id", "=", manifestId)
      .execute();
    return rows.map((row) => row.name);
  }

  #manifestsOf(name: RepositoryName) {
    return this.#database.read
      .selectFrom("manifest")
      .innerJoin("repository", "repository.id", "manifest.repository_id")
      .select("manifest.digest")
      .where("repository.name", "=", name);
  }
}

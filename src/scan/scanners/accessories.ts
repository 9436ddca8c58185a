import {
  type Digest,
  digestOf,
  isRefusal,
  mediaTypes,
  parseRepositoryName,
  systemCaller,
} from "../../kernel/index.ts";
import type { Registry } from "../../registry/index.ts";

/** What is said about an image, to be stored beside it. */
export interface Accessory {
  readonly mediaType: string;
  readonly content: Uint8Array;
  readonly annotations: Readonly<Record<string, string>>;
}

export interface Subject {
  readonly repository: string;
  readonly digest: string;
  readonly mediaType: string;
  /** Bytes of the manifest. */
  readonly size: number;
}

const emptyConfig = new TextEncoder().encode("{}");

/** Stores what is said about images as referrers (image specification 1.1, "Guidelines for Artifact Usage"). */
export class Accessories {
  readonly #registry: Pick<Registry, "uploads" | "manifests">;

  constructor(registry: Pick<Registry, "uploads" | "manifests">) {
    this.#registry = registry;
  }

  /** Answers the digest of the manifest. */
  async push(subject: Subject, accessory: Accessory): Promise<Digest> {
    const { mediaType, content, annotations } = accessory;
    for (const bytes of [emptyConfig, content]) await this.#blob(subject.repository, bytes);
    const manifest = {
      schemaVersion: 2,
      mediaType: mediaTypes.ociManifest,
      artifactType: mediaType,
      config: { mediaType: mediaTypes.empty, digest: digestOf(emptyConfig), size: emptyConfig.length },
      layers: [{ mediaType, digest: digestOf(content), size: content.length }],
      subject: { mediaType: subject.mediaType, digest: subject.digest, size: subject.size },
      annotations,
    };
    const { digest } = await this.#registry.manifests.put(
      systemCaller,
      parseRepositoryName(subject.repository),
      {
        content: new TextEncoder().encode(JSON.stringify(manifest)),
        contentType: mediaTypes.ociManifest,
        digest: null,
        tags: [],
      },
    );
    return digest;
  }

  /** Removes one that another has taken the place of; somebody may have done so before. */
  async remove(repository: string, digest: Digest): Promise<void> {
    try {
      await this.#registry.manifests.delete(systemCaller, parseRepositoryName(repository), digest);
    } catch (error) {
      if (!isRefusal(error, "MANIFEST_UNKNOWN") && !isRefusal(error, "MANIFEST_IN_USE")) throw error;
    }
  }

  async #blob(repository: string, bytes: Uint8Array): Promise<void> {
    const { uploads } = this.#registry;
    const upload = await uploads.begin(parseRepositoryName(repository), "system");
    const body = (async function* () {
      yield bytes;
    })();
    await uploads.finish(upload, body, null, digestOf(bytes));
  }
}

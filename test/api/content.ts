import { type Caller, parseDigest, parseRepositoryName } from "../../src/kernel/index.ts";
import type { Body, Registry } from "../../src/registry/index.ts";
import { type Content, type Image, type ImageOptions, jsonContent, makeImage } from "../support/image.ts";

export const pusher: Caller = { kind: "user", name: "pusher", address: "192.0.2.8", requestId: "r8" };

export interface ArtifactBody {
  readonly id: number;
  readonly digest: string;
  readonly type: string;
  readonly media_type: string;
  readonly size: number;
  readonly tags: readonly { id: number; name: string }[] | null;
  readonly labels: readonly { id: number; name: string }[] | null;
  readonly accessories: readonly { digest: string; type: string }[] | null;
  readonly references: readonly { child_digest: string; child_id: number; platform?: object }[] | null;
  readonly extra_attrs?: Readonly<Record<string, unknown>>;
  readonly addition_links?: Readonly<Record<string, { href: string }>>;
  readonly pull_time: string;
}

/** Pushes to a repository without HTTP, as clients do: blobs first. */
export class Pusher {
  readonly #registry: Registry;

  constructor(registry: Registry) {
    this.#registry = registry;
  }

  async blob(repository: string, content: Pick<Content, "bytes" | "digest">): Promise<void> {
    const { uploads } = this.#registry;
    const upload = await uploads.begin(parseRepositoryName(repository), "user:1");
    await uploads.finish(upload, bodyOf(content.bytes), null, parseDigest(content.digest));
  }

  async manifest(
    repository: string,
    manifest: Pick<Content, "bytes" | "mediaType">,
    ...tags: string[]
  ): Promise<string> {
    const { digest } = await this.#registry.manifests.put(pusher, parseRepositoryName(repository), {
      content: manifest.bytes,
      contentType: manifest.mediaType,
      digest: null,
      tags,
    });
    return digest;
  }

  async image(repository: string, image: Image, ...tags: string[]): Promise<string> {
    for (const content of [...image.layers, image.config]) await this.blob(repository, content);
    return this.manifest(repository, image.manifest, ...tags);
  }

  /** An image unlike any before. */
  async newImage(repository: string, tags: readonly string[], options: ImageOptions = {}): Promise<string> {
    return this.image(repository, await makeImage({ layers: 1, layerSize: 64, ...options }), ...tags);
  }

  /** An image manifest with a config of that type and content, and no layers. */
  async withConfig(
    repository: string,
    mediaType: string,
    config: Uint8Array<ArrayBuffer>,
    extra: object = {},
  ) {
    const content = {
      bytes: config,
      digest: `sha256:${new Bun.CryptoHasher("sha256").update(config).digest("hex")}`,
    };
    await this.blob(repository, content);
    const descriptor = { mediaType, digest: content.digest, size: config.length };
    return this.manifest(repository, manifestOf(descriptor, extra));
  }

  /** Something that refers to the manifest with that digest. */
  async referrer(repository: string, subject: string, artifactType: string): Promise<string> {
    const empty = new TextEncoder().encode("{}");
    const extra = {
      artifactType,
      subject: { mediaType: "application/vnd.oci.image.manifest.v1+json", digest: subject, size: 1 },
      annotations: { unique: crypto.randomUUID() },
    };
    return this.withConfig(repository, "application/vnd.oci.empty.v1+json", empty, extra);
  }
}

function manifestOf(config: object, extra: object): Content {
  const mediaType = "application/vnd.oci.image.manifest.v1+json";
  return jsonContent(mediaType, { schemaVersion: 2, mediaType, config, layers: [], ...extra });
}

async function* bodyOf(bytes: Uint8Array): Body {
  yield bytes;
}

/** A list's artifacts, or one artifact, as the API answers them. */
export async function bodies<T = ArtifactBody>(response: Response): Promise<T[]> {
  if (response.status !== 200) throw new Error(`${response.status} ${await response.text()}`);
  return (await response.json()) as T[];
}

export async function bodyIn<T = ArtifactBody>(response: Response): Promise<T> {
  if (response.status !== 200) throw new Error(`${response.status} ${await response.text()}`);
  return (await response.json()) as T;
}

import { gzipSync, zstdCompressSync } from "node:zlib";
import { pack } from "tar-stream";

export const OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json";
export const OCI_INDEX = "application/vnd.oci.image.index.v1+json";
export const DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json";
export const DOCKER_LIST = "application/vnd.docker.distribution.manifest.list.v2+json";

/** Every type of manifest, as clients that take anything ask for it. */
export const ANY_MANIFEST = [OCI_INDEX, OCI_MANIFEST, DOCKER_LIST, DOCKER_MANIFEST].join(", ");

export interface Content {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

export interface Image {
  readonly layers: readonly Content[];
  readonly config: Content;
  readonly manifest: Content;
}

export interface ImageOptions {
  readonly format?: "oci" | "docker";
  readonly layers?: number;
  /** Bytes of random data in each layer. */
  readonly layerSize?: number;
  readonly compression?: "gzip" | "zstd";
  readonly architecture?: string;
  /** Further members of the manifest: `annotations`, `subject`, `artifactType`. */
  readonly extra?: Record<string, unknown>;
}

const MEDIA_TYPES = {
  oci: {
    manifest: OCI_MANIFEST,
    config: "application/vnd.oci.image.config.v1+json",
    gzip: "application/vnd.oci.image.layer.v1.tar+gzip",
    zstd: "application/vnd.oci.image.layer.v1.tar+zstd",
  },
  docker: {
    manifest: DOCKER_MANIFEST,
    config: "application/vnd.docker.container.image.v1+json",
    gzip: "application/vnd.docker.image.rootfs.diff.tar.gzip",
    zstd: "application/vnd.docker.image.rootfs.diff.tar.zstd",
  },
};

export function digestOf(bytes: Uint8Array, algorithm: "sha256" | "sha512" = "sha256"): string {
  return `${algorithm}:${new Bun.CryptoHasher(algorithm).update(bytes).digest("hex")}`;
}

export function randomBytes(size: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(size);
  // The platform fills at most 64 KiB at a time.
  for (let at = 0; at < size; at += 65_536) crypto.getRandomValues(bytes.subarray(at, at + 65_536));
  return bytes;
}

export function content(mediaType: string, bytes: Uint8Array<ArrayBuffer>): Content {
  return { mediaType, digest: digestOf(bytes), size: bytes.length, bytes };
}

export function jsonContent(mediaType: string, value: unknown): Content {
  return content(mediaType, new TextEncoder().encode(JSON.stringify(value)));
}

/** What a manifest says of a content: all but its bytes. */
export function descriptor({ mediaType, digest, size }: Content) {
  return { mediaType, digest, size };
}

async function randomTar(size: number): Promise<Uint8Array> {
  const archive = pack();
  archive.entry({ name: `random-${crypto.randomUUID()}`, mode: 0o644 }, Buffer.from(randomBytes(size)));
  archive.finalize();
  const chunks: Uint8Array[] = [];
  for await (const chunk of archive as AsyncIterable<Uint8Array>) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** An image that every client can unpack, unlike any made before. */
export async function makeImage(options: ImageOptions = {}): Promise<Image> {
  const { format = "oci", layers: count = 2, layerSize = 2_048, compression = "gzip" } = options;
  const types = MEDIA_TYPES[format];
  const compress = compression === "gzip" ? gzipSync : zstdCompressSync;
  const tars = await Promise.all(Array.from({ length: count }, () => randomTar(layerSize)));
  const layers = tars.map((tar) => content(types[compression], new Uint8Array(compress(tar))));
  const config = jsonContent(types.config, {
    architecture: options.architecture ?? "amd64",
    os: "linux",
    created: "2020-01-02T03:04:05Z",
    config: { Cmd: ["/bin/true"] },
    rootfs: { type: "layers", diff_ids: tars.map((tar) => digestOf(tar)) },
    history: tars.map((_, index) => ({ created: "2020-01-02T03:04:05Z", created_by: `layer ${index}` })),
  });
  const manifest = jsonContent(types.manifest, {
    schemaVersion: 2,
    mediaType: types.manifest,
    config: descriptor(config),
    layers: layers.map(descriptor),
    ...options.extra,
  });
  return { layers, config, manifest };
}

/** An index (or Docker's manifest list) of images, one for each architecture by name. */
export function makeIndex(
  images: Readonly<Record<string, Image>>,
  format: "oci" | "docker" = "oci",
): Content {
  const mediaType = format === "oci" ? OCI_INDEX : DOCKER_LIST;
  const manifests = Object.entries(images).map(([architecture, image]) => ({
    ...descriptor(image.manifest),
    platform: { architecture, os: "linux" },
  }));
  return jsonContent(mediaType, { schemaVersion: 2, mediaType, manifests });
}

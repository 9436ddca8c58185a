import { createHash } from "node:crypto";
import type { Peer } from "../peers/peer.ts";

export const manifestType = "application/vnd.oci.image.manifest.v1+json";
const configType = "application/vnd.oci.image.config.v1+json";
const layerType = "application/vnd.oci.image.layer.v1.tar+gzip";

export interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
}

/** As much of a registry's client as filling one takes. */
export class RegistryClient {
  readonly #peer: Peer;
  readonly #repository: string;
  readonly #headers: Readonly<Record<string, string>>;

  constructor(peer: Peer, repository: string, headers: Readonly<Record<string, string>>) {
    this.#peer = peer;
    this.#repository = repository;
    this.#headers = headers;
  }

  static async open(peer: Peer, repository: string): Promise<RegistryClient> {
    return new RegistryClient(peer, repository, await peer.authorization([repository]));
  }

  async putConfig(content: string): Promise<Descriptor> {
    return { mediaType: configType, ...(await this.#putBlob(Buffer.from(content))) };
  }

  async putLayer(content: Uint8Array): Promise<Descriptor> {
    return { mediaType: layerType, ...(await this.#putBlob(content)) };
  }

  async putManifest(
    reference: string,
    config: Descriptor,
    layers: readonly Descriptor[],
    annotations: Readonly<Record<string, string>> = {},
  ): Promise<void> {
    const body = JSON.stringify({ schemaVersion: 2, mediaType: manifestType, config, layers, annotations });
    const headers = { "content-type": manifestType };
    await this.send("PUT", `manifests/${reference}`, 201, { body, headers });
  }

  /** Any request under the repository; an answer other than the expected one is an error. */
  async send(
    method: string,
    path: string,
    expected: number | readonly number[],
    init: { body?: Uint8Array<ArrayBuffer> | string; headers?: Record<string, string> } = {},
  ): Promise<Response> {
    const url = new URL(path, `${this.#peer.origin}/v2/${this.#repository}/`);
    const response = await fetch(url, {
      method,
      ...init,
      headers: { ...this.#headers, ...init.headers },
      tls: { ca: this.#peer.certificate.pem },
    });
    const text = await response.text();
    if (![expected].flat().includes(response.status)) {
      throw new Error(`${method} ${url}: ${response.status} ${text.slice(0, 300)}`);
    }
    return response;
  }

  /** In one request where the registry can, in two where it answers 202 (distribution-spec, "Single POST"). */
  async #putBlob(content: Uint8Array): Promise<Omit<Descriptor, "mediaType">> {
    const digest = `sha256:${createHash("sha256").update(content).digest("hex")}`;
    const body = new Uint8Array(content);
    const headers = { "content-type": "application/octet-stream" };
    const first = await this.send("POST", `blobs/uploads/?digest=${digest}`, [201, 202], { body, headers });
    if (first.status === 202) {
      const url = new URL(first.headers.get("location") ?? "", this.#peer.origin);
      url.searchParams.set("digest", digest);
      await this.send("PUT", url.href, 201, { body, headers });
    }
    return { digest, size: content.length };
  }
}

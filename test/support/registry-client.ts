import type { Breakwater, Credentials } from "./breakwater.ts";
import { ANY_MANIFEST, type Content, digestOf, type Image } from "./image.ts";

/** Opens a repository with one token for everything that the credentials allow; null: anonymously. */
export async function openRepository(
  server: Breakwater,
  name: string,
  as: Credentials | null = server.admin,
): Promise<RepositoryClient> {
  return new RepositoryClient(server, name, await server.token([`repository:${name}:pull,push,delete`], as));
}

/**
 * The registry's API by plain requests. `fetch` hands back whatever the server answers; the other methods
 * throw on any answer but success, with the answer in the message.
 */
export class RepositoryClient {
  readonly server: Breakwater;
  readonly name: string;
  readonly token: string;

  constructor(server: Breakwater, name: string, token: string) {
    this.server = server;
    this.name = name;
    this.token = token;
  }

  /** `path` is what follows `/v2/<name>`, or a whole path or URL that the server gave as a Location. */
  fetch(path: string, init: BunFetchRequestInit = {}): Promise<Response> {
    const headers = new Headers(init.headers);
    if (!headers.has("authorization")) headers.set("authorization", `Bearer ${this.token}`);
    const whole = path.startsWith("http") || path.startsWith("/v2/") ? path : `/v2/${this.name}${path}`;
    return this.server.fetch(whole, { ...init, headers });
  }

  /** Begins an upload and returns its Location. */
  async startUpload(): Promise<string> {
    const response = await expectStatus(202, await this.fetch("/blobs/uploads/", { method: "POST" }));
    return locationOf(response);
  }

  /** POST and one PUT, as most clients do it. */
  async pushBlob(bytes: Uint8Array<ArrayBuffer>, digest = digestOf(bytes)): Promise<string> {
    const location = await this.startUpload();
    const response = await this.fetch(withDigest(location, digest), {
      method: "PUT",
      headers: { "content-type": "application/octet-stream" },
      body: bytes,
    });
    await expectStatus(201, response);
    return digest;
  }

  async pullBlob(digest: string): Promise<Uint8Array<ArrayBuffer>> {
    const response = await expectStatus(200, await this.fetch(`/blobs/${digest}`));
    return new Uint8Array(await response.arrayBuffer());
  }

  async pushManifest(reference: string, manifest: Pick<Content, "bytes" | "mediaType">): Promise<string> {
    const response = await this.fetch(`/manifests/${reference}`, {
      method: "PUT",
      headers: { "content-type": manifest.mediaType },
      body: manifest.bytes,
    });
    await expectStatus(201, response);
    return digestOf(manifest.bytes);
  }

  async pullManifest(reference: string, accept = ANY_MANIFEST): Promise<Content> {
    const response = await this.fetch(`/manifests/${reference}`, { headers: { accept } });
    const bytes = new Uint8Array(await (await expectStatus(200, response)).arrayBuffer());
    const mediaType = response.headers.get("content-type") ?? "";
    return { mediaType, bytes, digest: digestOf(bytes), size: bytes.length };
  }

  /** Blobs first, then the manifest: under the reference, or by its digest. Returns the digest. */
  async pushImage(image: Image, reference = image.manifest.digest): Promise<string> {
    for (const { bytes } of [...image.layers, image.config]) await this.pushBlob(bytes);
    return this.pushManifest(reference, image.manifest);
  }
}

/** An upload's Location may carry a query of its own. */
export function withDigest(location: string, digest: string): string {
  return `${location}${location.includes("?") ? "&" : "?"}digest=${encodeURIComponent(digest)}`;
}

export function locationOf(response: Response): string {
  const location = response.headers.get("location");
  if (location === null) throw new Error(`no Location in the answer ${response.status} of ${response.url}`);
  return location;
}

/** The answer itself when its status is the expected one; otherwise an error that quotes it. */
export async function expectStatus(expected: number, response: Response): Promise<Response> {
  if (response.status === expected) return response;
  throw new Error(`${response.url}: ${response.status} instead of ${expected}: ${await response.text()}`);
}

import { basicAuth, type Credentials } from "../support/breakwater.ts";
import { ANY_MANIFEST, type Content, digestOf, type Image } from "../support/image.ts";

/** What a client may see while parts of an installation are down: to try again is all that it means. */
const retryable: ReadonlySet<number> = new Set([502, 503, 504]);
/** Milliseconds: who waits longer for one thing gives it up for lost. */
const patience = 90_000;

/** What no client may see: it ends the test. */
export class Complaint extends Error {}

/** Pushes, pulls and deletes through the balancer as real clients do: what fails for a time is tried again. */
export class PatientClient {
  /** How often an answer meant to try again, by its status; 0 for none at all. */
  readonly setbacks = new Map<number, number>();
  readonly #url: string;
  readonly #name: string;
  readonly #credentials: Credentials;
  #token: string | null = null;

  constructor(url: string, name: string, credentials: Credentials) {
    this.#url = url;
    this.#name = name;
    this.#credentials = credentials;
  }

  async pushImage(image: Image, tag: string): Promise<void> {
    for (const blob of [...image.layers, image.config]) await this.#pushBlob(blob);
    const { bytes: body, mediaType } = image.manifest;
    const init = { method: "PUT", headers: { "content-type": mediaType }, body };
    await this.#until([201], `/manifests/${tag}`, init);
  }

  /** Reads the manifest and everything that it names, and compares it with what was pushed. */
  async pullImage(image: Image, reference: string): Promise<void> {
    const headers = { accept: ANY_MANIFEST };
    const { digest } = image.manifest;
    await this.#read(`/manifests/${reference}`, digest, { headers });
    for (const blob of [...image.layers, image.config])
      await this.#read(`/blobs/${blob.digest}`, blob.digest);
  }

  /** A second attempt finds it gone, where the first one's answer was lost. */
  async delete(reference: string): Promise<void> {
    await this.#until([202, 404], `/manifests/${reference}`, { method: "DELETE" });
  }

  /** The status of a manifest's GET that is no setback. */
  async statusOf(reference: string): Promise<number> {
    return (await this.#until([200, 404], `/manifests/${reference}`, { headers: { accept: ANY_MANIFEST } }))
      .status;
  }

  async #pushBlob(blob: Content): Promise<void> {
    for (let begun: string | null = null; ; ) {
      const head = await this.#until([200, 404], `/blobs/${blob.digest}`, { method: "HEAD" });
      if (head.status === 200) return;
      begun ??= locationOf(await this.#until([202], "/blobs/uploads/", { method: "POST" }));
      // What became of a request without an answer the upload's status says; nothing is sent blindly twice.
      const status = await this.#until([204, 404], begun, {});
      if (status.status === 404) {
        begun = null;
        continue;
      }
      const offset = offsetOf(status);
      const half = Math.ceil(blob.size / 2);
      if (offset < half) {
        const body = blob.bytes.slice(offset, half);
        if ((await this.#once([202], begun, { method: "PATCH", body })) === null) continue;
      }
      const end: string = `${begun}${begun.includes("?") ? "&" : "?"}digest=${blob.digest}`;
      const rest = blob.bytes.slice(Math.max(offset, half));
      if ((await this.#once([201], end, { method: "PUT", body: rest })) !== null) return;
    }
  }

  async #read(path: string, digest: string, init: RequestInit = {}): Promise<void> {
    for (const deadline = Date.now() + patience; ; ) {
      const response = await this.#until([200], path, init);
      // A copy that is killed in the middle of an answer cuts it off, which clients notice by its length.
      const bytes = await response.bytes().catch(() => null);
      if (bytes !== null) {
        if (digestOf(bytes) !== digest) throw new Complaint(`${path}: other bytes (${bytes.length})`);
        return;
      }
      this.#note(0);
      if (Date.now() > deadline) throw new Complaint(`${path}: cut off for too long`);
    }
  }

  /** Asks until an answer is one of these. Throws Complaint at any that is neither that nor a setback. */
  async #until(expected: readonly number[], path: string, init: RequestInit): Promise<Response> {
    for (const deadline = Date.now() + patience; Date.now() < deadline; ) {
      const response = await this.#once(expected, path, init);
      if (response !== null) return response;
      await Bun.sleep(100);
    }
    throw new Complaint(`${init.method ?? "GET"} ${path}: setbacks for ${patience} ms`);
  }

  /** Null after a setback. */
  async #once(expected: readonly number[], path: string, init: RequestInit): Promise<Response | null> {
    const token = await this.#authorize();
    if (token === null) return null;
    const response = await this.#fetch(path.startsWith("/v2/") ? path : `/v2/${this.#name}${path}`, {
      ...init,
      headers: { ...init.headers, authorization: `Bearer ${token}` },
    });
    if (response === null || expected.includes(response.status)) return response;
    const { status } = response;
    const said = `${status} ${await response.text().catch(() => "(cut off)")}`;
    if (!retryable.has(status)) throw new Complaint(`${init.method ?? "GET"} ${path}: ${said}`);
    this.#note(status);
    return null;
  }

  async #authorize(): Promise<string | null> {
    if (this.#token !== null) return this.#token;
    const headers = { authorization: basicAuth(this.#credentials) };
    const scope = `repository:${this.#name}:pull,push,delete`;
    const response = await this.#fetch(`/service/token?scope=${scope}`, { headers });
    if (response === null) return null;
    if (response.status === 200) this.#token = ((await response.json()) as { token: string }).token;
    else if (!retryable.has(response.status)) throw new Complaint(`token: ${response.status}`);
    else this.#note(response.status);
    return this.#token;
  }

  async #fetch(path: string, init: RequestInit): Promise<Response | null> {
    const signal = AbortSignal.timeout(patience);
    const response = await fetch(this.#url + path, { ...init, signal }).catch(() => null);
    if (response === null) this.#note(0);
    return response;
  }

  #note(status: number): void {
    this.setbacks.set(status, (this.setbacks.get(status) ?? 0) + 1);
  }
}

function locationOf(response: Response): string {
  const { pathname, search } = new URL(response.headers.get("location") ?? "", response.url);
  return pathname + search;
}

/** Specification 1.1, "Pushing a blob in chunks": `Range: 0-<last byte>`. */
function offsetOf(status: Response): number {
  const last = Number(status.headers.get("range")?.split("-")[1] ?? 0);
  return last === 0 ? 0 : last + 1;
}

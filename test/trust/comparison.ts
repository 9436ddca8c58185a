import { readFileSync } from "node:fs";
import { type PublicKey, publicKey } from "../../src/trust/tuf/keys.ts";
import type { Author } from "./author.ts";
import { multipart } from "./upload.ts";

/** A server that the same requests are sent to, and what a client has to know of it to sign for it. */
export class Side {
  readonly url: string;
  readonly #ca: string;

  constructor(url: string, caFile: string) {
    this.url = url;
    this.#ca = readFileSync(caFile, "utf8");
  }

  fetch(path: string, init: BunFetchRequestInit = {}): Promise<Response> {
    return fetch(`${this.url}${path}`, { redirect: "manual", tls: { ca: this.#ca }, ...init });
  }

  tuf(gun: string, rest: string, init: BunFetchRequestInit = {}): Promise<Response> {
    return this.fetch(`/v2/${gun}/_trust/tuf/${rest}`, init);
  }

  upload(gun: string, parts: Readonly<Record<string, Uint8Array | string>>): Promise<Response> {
    return this.tuf(gun, "", multipart(Object.entries(parts)));
  }

  /** The key that the server signs with, or would. */
  async key(gun: string, role: "timestamp" | "snapshot", method = "GET"): Promise<PublicKey> {
    const response = await this.tuf(gun, `${role}.key`, { method });
    const { keytype, keyval } = (await response.json()) as { keytype: string; keyval: { public: string } };
    return publicKey(keytype, new Uint8Array(Buffer.from(keyval.public, "base64")));
  }
}

export interface Step {
  readonly name: string;
  send(side: Side, author: Author): Promise<Response>;
}

/** What matters of an answer. */
export interface Answer {
  readonly status: number;
  readonly contentType: string | null;
  readonly cacheControl: string | null;
  readonly pragma: string | null;
  readonly lastModified: string | null;
  readonly location: string | null;
  readonly body: string;
}

/**
 * An answer without what differs from server to server and from second to second: keys, signatures, hashes and the
 * times at which something was made; lengths, which come of nanoseconds there and milliseconds here; and what the
 * two languages' parsers of JSON say to a wrong type.
 */
export async function answerOf(response: Response): Promise<Answer> {
  const { headers } = response;
  const location = headers.get("location");
  return {
    status: response.status,
    contentType: headers.get("content-type"),
    cacheControl: headers.get("cache-control"),
    pragma: headers.get("pragma"),
    lastModified:
      headers.get("last-modified")?.replace(/^\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d /, "… ") ?? null,
    location: location && new URL(location, "https://localhost").pathname,
    body: (await response.text())
      .replace(/"(sig|public|sha256|sha512)":"[A-Za-z0-9+/=]+"/g, '"$1":"…"')
      .replace(/"length":\d+/g, '"length":…')
      // Of the keys in a root, one is the server's: whose id comes first is chance.
      .replace(/:\{"keytype":"[^"]*",/g, ":{…,")
      .replace(/"Msg":"json: [^"]*"/g, '"Msg":"json: …"')
      // Which of two wrong hashes is found first is chance, in Go.
      .replace(/sha(?:256|512) (checksum for \S+ did not match: expected) [0-9a-f]+/g, "$1 <hash>")
      .replace(/\b[0-9a-f]{64}\b/g, "<hash>")
      .replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)/g, "<time>"),
  };
}

import { type PublicKey, publicKey } from "../../src/trust/tuf/keys.ts";
import { Author, keysOf, roleOf, signed, target } from "../../test/trust/author.ts";
import { multipart } from "../../test/trust/upload.ts";
import type { Peer } from "../peers/peer.ts";

/** Signed tags, as many as an application of some age has. */
const tags = 20;

/** An upload, signed and ready to be sent. */
export type PreparedUpload = ReturnType<typeof multipart>;

/** The trust data of a repository on a server, with the keys to publish more of it. The server signs snapshots. */
export class TrustRepository {
  readonly #peer: Peer;
  readonly #author: Author;
  readonly #headers: Readonly<Record<string, string>>;
  #version = 0;

  private constructor(peer: Peer, author: Author, headers: Readonly<Record<string, string>>) {
    this.#peer = peer;
    this.#author = author;
    this.#headers = headers;
  }

  /** With its first version published. */
  static async create(peer: Peer, name: string): Promise<TrustRepository> {
    const gun = `${new URL(peer.origin).host}/${name}`;
    const author = await Author.create(gun);
    const repository = new TrustRepository(peer, author, await peer.authorization([gun]));
    await repository.#initialise();
    return repository;
  }

  get headers(): Readonly<Record<string, string>> {
    return this.#headers;
  }

  /** What Docker asks for when it pulls an image of a repository that it has not seen before. */
  async pullPaths(): Promise<readonly string[]> {
    const timestamp = await this.#json("timestamp.json");
    const snapshot = `snapshot.${hexOf(timestamp, "snapshot")}.json`;
    const targets = `targets.${hexOf(await this.#json(snapshot), "targets")}.json`;
    return ["root.json", "timestamp.json", snapshot, targets].map((file) => this.#path(file));
  }

  /** The next version of its targets. */
  prepare(): PreparedUpload {
    return multipart([["targets", this.#targets()]]);
  }

  async publish(upload: PreparedUpload): Promise<void> {
    const response = await this.#fetch("", upload);
    if (response.status !== 200) {
      throw new Error(`${this.#peer.name}: publish: ${response.status} ${await response.text()}`);
    }
  }

  async #initialise(): Promise<void> {
    const [timestamp, snapshot] = [await this.#key("timestamp"), await this.#key("snapshot")];
    const { rootKey, targetsKey } = this.#author;
    const root = this.#author.root(timestamp, {
      keys: keysOf(rootKey.public, targetsKey.public, snapshot, timestamp),
      roles: {
        root: roleOf(rootKey.public),
        targets: roleOf(targetsKey.public),
        snapshot: roleOf(snapshot),
        timestamp: roleOf(timestamp),
      },
    });
    await this.publish(
      multipart([
        ["root", signed(root, rootKey)],
        ["targets", this.#targets()],
      ]),
    );
  }

  #targets(): Uint8Array {
    const version = ++this.#version;
    const entries = Array.from({ length: tags }, (_, tag) => [`v1.${tag}`, target(`${version}.${tag}`)]);
    const targets = this.#author.targets({ version, targets: Object.fromEntries(entries) });
    return signed(targets, this.#author.targetsKey);
  }

  async #key(role: string): Promise<PublicKey> {
    const { keytype, keyval } = (await (await this.#fetch(`${role}.key`)).json()) as {
      keytype: string;
      keyval: { public: string };
    };
    return publicKey(keytype, new Uint8Array(Buffer.from(keyval.public, "base64")));
  }

  async #json(file: string): Promise<unknown> {
    return (await this.#fetch(file)).json();
  }

  #path(file: string): string {
    return `/v2/${this.#author.gun}/_trust/tuf/${file}`;
  }

  #fetch(file: string, init: Partial<PreparedUpload> = {}): Promise<Response> {
    return fetch(`${this.#peer.origin}${this.#path(file)}`, {
      ...init,
      headers: { ...init.headers, ...this.#headers },
      tls: { ca: this.#peer.certificate.pem },
    });
  }
}

/** The SHA-256 by which a listing names a document, in hexadecimal. */
function hexOf(listing: unknown, role: string): string {
  const { signed } = listing as { signed: { meta: Record<string, { hashes: { sha256: string } }> } };
  return Buffer.from(signed.meta[role]?.hashes.sha256 ?? "", "base64").toString("hex");
}

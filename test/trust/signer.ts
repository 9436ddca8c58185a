import { readUpload, type Trust } from "../../src/trust/index.ts";
import type { PublicKey } from "../../src/trust/tuf/keys.ts";
import { Author, delegation, ecdsaKey, inAYear, keysOf, roleOf, signed, type TestKey } from "./author.ts";
import { parseKey } from "./scene.ts";
import { caller } from "./trust-server.ts";

/** Digests by tag. */
export type Tags = Readonly<Record<string, string>>;

/** Somebody who owns a repository's trust data, and signs its tags; the server signs snapshots and timestamps. */
export class Signer {
  readonly gun: string;
  readonly author: Author;
  readonly #trust: Trust;
  readonly #delegates = new Map<string, { key: TestKey; others: readonly PublicKey[]; version: number }>();
  #version = 0;

  private constructor(trust: Trust, author: Author) {
    this.#trust = trust;
    this.gun = author.gun;
    this.author = author;
  }

  static async create(trust: Trust, gun: string): Promise<Signer> {
    return new Signer(trust, await Author.create(gun));
  }

  /** Publishes targets with exactly these tags, and the root with the first. `expires` is the targets'. */
  async sign(tags: Tags, { expires = inAYear(), rootExpires = inAYear() } = {}): Promise<void> {
    const first = this.#version++ === 0;
    const delegates = [...this.#delegates];
    const keys = delegates.flatMap(([, { key, others }]) => [key.public, ...others]);
    const roles = delegates.map(([name, { key, others }]) =>
      delegation(name, key.public, roleOf(key.public, ...others)),
    );
    const targets = this.author.targets({
      version: this.#version,
      expires,
      targets: metaOf(tags),
      delegations: { keys: keysOf(...keys), roles },
    });
    await this.#publish({
      ...(first ? { root: await this.#root(rootExpires) } : {}),
      targets: signed(targets, this.author.targetsKey),
    });
  }

  /** The next `sign` delegates to this role; answers its key. Those of others may sign too, and do not. */
  delegate(role: string, ...others: readonly PublicKey[]): TestKey {
    const key = ecdsaKey();
    this.#delegates.set(role, { key, others, version: 0 });
    return key;
  }

  /** Publishes a delegated role's targets. */
  async signAs(role: string, tags: Tags, expires = inAYear()): Promise<void> {
    const delegate = this.#delegates.get(role);
    if (delegate === undefined) throw new Error(`nobody is ${role}`);
    const version = ++delegate.version;
    const targets = this.author.targets({ version, expires, targets: metaOf(tags) });
    await this.#publish({ [role]: signed(targets, delegate.key) });
  }

  async #root(expires: string): Promise<Uint8Array> {
    const timestamp = parseKey(await this.#trust.key(this.gun, "timestamp"));
    const snapshot = parseKey(await this.#trust.key(this.gun, "snapshot"));
    const { rootKey, targetsKey } = this.author;
    const root = this.author.root(timestamp, {
      expires,
      keys: keysOf(rootKey.public, targetsKey.public, snapshot, timestamp),
      roles: {
        root: roleOf(rootKey.public),
        targets: roleOf(targetsKey.public),
        snapshot: roleOf(snapshot),
        timestamp: roleOf(timestamp),
      },
    });
    return signed(root, rootKey);
  }

  #publish(documents: Readonly<Record<string, Uint8Array>>): Promise<void> {
    const uploads = Object.entries(documents).map(([role, content]) => readUpload(role, content));
    return this.#trust.publisher.publish(caller, this.gun, uploads);
  }
}

function metaOf(tags: Tags) {
  return Object.fromEntries(
    Object.entries(tags).map(([tag, digest]) => {
      const sha256 = Buffer.from(digest.replace("sha256:", ""), "hex").toString("base64");
      return [tag, { hashes: { sha256 }, length: 528 }];
    }),
  );
}

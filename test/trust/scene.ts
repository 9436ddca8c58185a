import { MetadataQuery, readUpload, type Trust, TrustRefusal } from "../../src/trust/index.ts";
import { type PublicKey, publicKey } from "../../src/trust/tuf/keys.ts";
import type { TestDatabase } from "../support/engines.ts";
import { Author, keysOf, roleOf, signed, type TestKey } from "./author.ts";
import { caller, host, openTrust, type TrustHarness } from "./trust-server.ts";

export const repository = "team/image";
export const gun = `${host}/${repository}`;

/** A repository, its owner, and a server that holds the keys of its snapshots and timestamps. */
export class Scene implements AsyncDisposable {
  readonly harness: TrustHarness;
  readonly author: Author;
  readonly timestampKey: PublicKey;
  readonly snapshotKey: PublicKey;

  private constructor(
    harness: TrustHarness,
    author: Author,
    timestampKey: PublicKey,
    snapshotKey: PublicKey,
  ) {
    this.harness = harness;
    this.author = author;
    this.timestampKey = timestampKey;
    this.snapshotKey = snapshotKey;
  }

  static async open(open?: () => Promise<TestDatabase>): Promise<Scene> {
    const harness = await openTrust(open);
    const author = await Author.create(gun);
    const [timestamp, snapshot] = [
      await harness.trust.key(gun, "timestamp"),
      await harness.trust.key(gun, "snapshot"),
    ];
    return new Scene(harness, author, parseKey(timestamp), parseKey(snapshot));
  }

  get trust(): Trust {
    return this.harness.trust;
  }

  /** A root by which the server signs snapshots and timestamps, signed by its owner or by `by`. */
  root(changes: object = {}, ...by: readonly TestKey[]): Uint8Array {
    const { rootKey, targetsKey } = this.author;
    const root = this.author.root(this.timestampKey, {
      keys: keysOf(rootKey.public, targetsKey.public, this.snapshotKey, this.timestampKey),
      roles: this.roles(),
      ...changes,
    });
    return signed(root, ...(by.length > 0 ? by : [rootKey]));
  }

  roles(changes: object = {}) {
    return {
      root: roleOf(this.author.rootKey.public),
      targets: roleOf(this.author.targetsKey.public),
      snapshot: roleOf(this.snapshotKey),
      timestamp: roleOf(this.timestampKey),
      ...changes,
    };
  }

  targets(changes: object = {}, ...by: readonly TestKey[]): Uint8Array {
    return signed(this.author.targets(changes), ...(by.length > 0 ? by : [this.author.targetsKey]));
  }

  publish(documents: Readonly<Record<string, Uint8Array>>, trust = this.trust): Promise<void> {
    const uploads = Object.entries(documents).map(([role, content]) => readUpload(role, content));
    return trust.publisher.publish(caller, gun, uploads);
  }

  /** The first publication: a root, and targets with `changes`. */
  begin(changes: object = {}): Promise<void> {
    return this.publish({ root: this.root(), targets: this.targets(changes) });
  }

  /** A document as a client gets it. */
  async read(
    role: string,
    which: MetadataQuery["which"] = { kind: "current" },
    trust = this.trust,
  ): Promise<string> {
    return Buffer.from((await trust.reader.read(new MetadataQuery(gun, role, which))).content).toString();
  }

  /** The parsed `signed` part. */
  async signedPart(role: string, trust = this.trust): Promise<Signed> {
    return (JSON.parse(await this.read(role, { kind: "current" }, trust)) as { signed: Signed }).signed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.harness[Symbol.asyncDispose]();
  }
}

export interface Signed {
  readonly version: number;
  readonly expires: string;
  readonly meta: Readonly<Record<string, { hashes: { sha256: string }; length: number }>>;
}

/** The key that the server answers with. */
export function parseKey(json: string): PublicKey {
  const { keytype, keyval } = JSON.parse(json) as { keytype: string; keyval: { public: string } };
  return publicKey(keytype, new Uint8Array(Buffer.from(keyval.public, "base64")));
}

/** The code and words with which `work` is refused; fails for any other end. */
export async function refused(work: Promise<unknown>): Promise<string> {
  try {
    await work;
  } catch (error) {
    if (error instanceof TrustRefusal) return `${error.code}: ${error.message}`;
    throw error;
  }
  throw new Error("it was not refused");
}

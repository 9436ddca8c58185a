import { type PublicKey, publicKey } from "../../src/trust/tuf/keys.ts";
import type { Breakwater } from "../support/breakwater.ts";
import { Author, keysOf, roleOf, signed, target } from "../trust/author.ts";
import { multipart } from "../trust/upload.ts";
import type { Random } from "./random.ts";
import { type Published, readPublished } from "./trust-reader.ts";

/** What is published at a time, as text: it must be found byte by byte. */
interface State {
  readonly version: number;
  readonly root: string;
  readonly targets: string;
}

/** The connection ended before an answer: what became of the request, nobody knows. */
class Unanswered extends Error {}

/** Publishes one version after the other of a repository that is its own, as fast as it is answered. */
export class TrustPublisher {
  readonly gun: string;
  readonly #server: Breakwater;
  readonly #author: Author;
  readonly #random: Random;
  readonly #token: string;
  readonly #keys: { readonly timestamp: PublicKey; readonly snapshot: PublicKey };
  #state: State | null = null;
  /** What was sent last and not answered: it may have been published. */
  #open: State | null = null;
  #timestamp = 0;
  acknowledged = 0;

  private constructor(
    server: Breakwater,
    author: Author,
    random: Random,
    token: string,
    keys: { readonly timestamp: PublicKey; readonly snapshot: PublicKey },
  ) {
    this.gun = author.gun;
    this.#server = server;
    this.#author = author;
    this.#random = random;
    this.#token = token;
    this.#keys = keys;
  }

  /** With a first version published. */
  static async open(server: Breakwater, gun: string, random: Random): Promise<TrustPublisher> {
    const token = await server.token([`repository:${gun}:pull,push`]);
    const key = async (role: string) => {
      const response = await fetchTuf(server, gun, token, `${role}.key`);
      const { keytype, keyval } = (await response.json()) as { keytype: string; keyval: { public: string } };
      return publicKey(keytype, new Uint8Array(Buffer.from(keyval.public, "base64")));
    };
    const keys = { timestamp: await key("timestamp"), snapshot: await key("snapshot") };
    const publisher = new TrustPublisher(server, await Author.create(gun), random, token, keys);
    await publisher.#publish();
    return publisher;
  }

  /** The last tag that was surely published. */
  get lastTag(): string {
    return `v${this.#state?.version ?? 0}`;
  }

  /** Publishes until there is no answer any more. */
  async run(): Promise<void> {
    try {
      for (;;) await this.#publish();
    } catch (error) {
      if (!(error instanceof Unanswered)) throw error;
    }
  }

  async #publish(): Promise<void> {
    // An upload without parts has the server sign anew; one with a root changes two documents at once.
    if (this.#state !== null && this.#random.chance(0.1)) return this.#send([]);
    const next = this.#next(this.#state === null || this.#random.chance(0.3));
    this.#open = next;
    const root = next.root === this.#state?.root ? [] : ([["root", next.root]] as const);
    await this.#send([...root, ["targets", next.targets]]);
    this.#state = next;
    this.#open = null;
  }

  #next(withRoot: boolean): State {
    const version = (this.#state?.version ?? 0) + 1;
    const rootVersion = withRoot ? rootVersionOf(this.#state) + 1 : 0;
    const { rootKey, targetsKey } = this.#author;
    const { timestamp, snapshot } = this.#keys;
    const root = this.#author.root(timestamp, {
      version: rootVersion,
      keys: keysOf(rootKey.public, targetsKey.public, snapshot, timestamp),
      roles: {
        root: roleOf(rootKey.public),
        targets: roleOf(targetsKey.public),
        snapshot: roleOf(snapshot),
        timestamp: roleOf(timestamp),
      },
    });
    const tags = Array.from({ length: version }, (_, index) => [`v${index + 1}`, target(`${index}`)]);
    const targets = this.#author.targets({ version, targets: Object.fromEntries(tags) });
    return {
      version,
      root: withRoot ? Buffer.from(signed(root, rootKey)).toString() : (this.#state?.root ?? ""),
      targets: Buffer.from(signed(targets, targetsKey)).toString(),
    };
  }

  async #send(parts: readonly (readonly [string, string])[]): Promise<void> {
    const response = await fetchTuf(this.#server, this.gun, this.#token, "", multipart(parts)).catch(
      (cause) => {
        throw new Unanswered(this.gun, { cause });
      },
    );
    if (response.status !== 200) {
      throw new Error(`${this.gun}: ${response.status} ${await response.text()}`);
    }
    this.acknowledged++;
  }

  /** Reads what is published, verifies it, and that it is what was acknowledged or was under way. */
  async verify(): Promise<void> {
    if (this.acknowledged === 0 && this.#open === null) return;
    const found = await this.#read();
    const acceptable = this.#open === null ? [this.#state] : [this.#state, this.#open];
    this.#open = null;
    const state = acceptable.find((one) =>
      found === null ? one === null : one !== null && matches(one, found),
    );
    if (state === undefined) throw new Error(`${this.gun}: what is published is not what was acknowledged`);
    this.#state = state;
    const timestamp = found?.timestamp ?? 0;
    if (timestamp < this.#timestamp) throw new Error(`${this.gun}: the timestamp went back to ${timestamp}`);
    this.#timestamp = timestamp;
  }

  /** Null when nothing is published. */
  async #read(): Promise<Published | null> {
    const read = (file: string) => fetchTuf(this.#server, this.gun, this.#token, file);
    if ((await read("timestamp.json")).status === 404) return null;
    return readPublished(async (file) => {
      const response = await read(file);
      if (response.status !== 200) throw new Error(`${this.gun}: ${file}: ${response.status}`);
      return new Uint8Array(await response.arrayBuffer());
    }, this.gun);
  }
}

function rootVersionOf(state: State | null): number {
  if (state === null) return 0;
  return (JSON.parse(state.root) as { signed: { version: number } }).signed.version;
}

function matches({ root, targets }: State, found: Published): boolean {
  return (
    Buffer.from(found.root).equals(Buffer.from(root)) &&
    Buffer.from(found.targets).equals(Buffer.from(targets))
  );
}

function fetchTuf(
  server: Breakwater,
  gun: string,
  token: string,
  file: string,
  init: BunFetchRequestInit = {},
): Promise<Response> {
  const headers = new Headers(init.headers);
  headers.set("authorization", `Bearer ${token}`);
  return server.fetch(`/v2/${gun}/_trust/tuf/${file}`, { ...init, headers });
}

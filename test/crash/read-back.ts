import { ANY_MANIFEST, digestOf } from "../support/image.ts";
import type { RepositoryClient } from "../support/registry-client.ts";
import type { State } from "./ledger.ts";

interface Document {
  readonly config?: { readonly digest: string };
  readonly layers?: readonly { readonly digest: string }[];
  readonly manifests?: readonly { readonly digest: string }[];
}

/** Pulls what subjects name, whole, and compares every byte with its digest. Content is read once. */
export class ReadBack {
  readonly #repositories: ReadonlyMap<string, RepositoryClient>;
  readonly #whole = new Set<string>();
  /** Bytes that were read. */
  bytes = 0;

  constructor(repositories: readonly RepositoryClient[]) {
    this.#repositories = new Map(repositories.map((repository) => [repository.name, repository]));
  }

  /** The digest behind a tag or of a manifest; null when it is gone. Throws when it is there and not whole. */
  readonly observe = async (subject: string): Promise<State> => {
    const [, name = "", reference = ""] = /^([^:@]+)[:@](.+)$/.exec(subject) ?? [];
    const repository = this.#repositories.get(name);
    if (repository === undefined) throw new Error(`unknown repository in ${subject}`);
    const headers = { accept: ANY_MANIFEST };
    const response = await repository.fetch(`/manifests/${reference}`, { headers });
    if (response.status === 404) return null;
    const bytes = await this.#content(subject, response);
    const digest = digestOf(bytes);
    if (response.headers.get("docker-content-digest") !== digest)
      throw new Error(`${subject}: the manifest has the digest ${digest}`);
    if (reference.includes(":") && reference !== digest) throw new Error(`${subject}: it is ${digest}`);
    await this.#check(repository, bytes);
    return digest;
  };

  async #check(repository: RepositoryClient, manifest: Uint8Array): Promise<void> {
    const {
      config,
      layers = [],
      manifests = [],
    } = JSON.parse(new TextDecoder().decode(manifest)) as Document;
    for (const { digest } of [...layers, ...(config === undefined ? [] : [config])]) {
      const path = `/blobs/${digest}`;
      if (this.#seen(repository, digest)) continue;
      const bytes = await this.#content(repository.name + path, await repository.fetch(path));
      if (digestOf(bytes) !== digest) throw new Error(`${repository.name}${path} has other bytes`);
    }
    for (const { digest } of manifests) {
      if (this.#seen(repository, digest)) continue;
      const found = await this.observe(`${repository.name}@${digest}`);
      if (found === null) throw new Error(`${repository.name}: an index names ${digest}, which is not there`);
    }
  }

  #seen(repository: RepositoryClient, digest: string): boolean {
    const key = `${repository.name}@${digest}`;
    if (this.#whole.has(key)) return true;
    this.#whole.add(key);
    return false;
  }

  async #content(what: string, response: Response): Promise<Uint8Array> {
    if (response.status !== 200) throw new Error(`${what}: ${response.status} ${await response.text()}`);
    const bytes = new Uint8Array(await response.arrayBuffer());
    this.bytes += bytes.length;
    return bytes;
  }
}

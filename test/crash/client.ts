import { type Content, content, descriptor, jsonContent, OCI_INDEX, OCI_MANIFEST } from "../support/image.ts";
import type { RepositoryClient } from "../support/registry-client.ts";
import { type Changes, Ledger, type State } from "./ledger.ts";
import type { Random } from "./random.ts";
import { ask, bringBlob, describeAnswer, Unanswered } from "./wire.ts";

const tagsPerClient = 4;
const layerType = "application/vnd.oci.image.layer.v1.tar";
const configType = "application/vnd.oci.image.config.v1+json";

/** What all clients share: repositories, and layers that several of them push at the same time. */
export interface Playground {
  readonly repositories: readonly RepositoryClient[];
  readonly sharedLayers: readonly Content[];
  /** True while content without a manifest may be collected at once: then a manifest may come too late. */
  collecting: boolean;
}

/**
 * Pushes, moves and deletes images as fast as it is answered, one request after the other. Its tags and its
 * manifests are its own, so that it knows what to expect of them; repositories and layers are everybody's.
 */
export class Client {
  readonly ledger = new Ledger();
  /** Answers that no client should get, whatever is going on. */
  readonly complaints: string[] = [];
  readonly #name: string;
  readonly #playground: Playground;
  readonly #random: Random;
  #stopped = false;
  #serial = 0;

  constructor(name: string, playground: Playground, random: Random) {
    this.#name = name;
    this.#playground = playground;
    this.#random = random;
  }

  stop(): void {
    this.#stopped = true;
  }

  /** Works until it is stopped, or until it gets no answer any more. */
  async run(): Promise<void> {
    this.#stopped = false;
    try {
      while (!this.#stopped) await this.#act();
    } catch (error) {
      if (!(error instanceof Unanswered)) throw error;
    }
  }

  async #act(): Promise<void> {
    const repository = this.#random.pick(this.#playground.repositories);
    const choice = this.#random.next();
    if (choice < 0.55) await this.#pushImage(repository);
    else if (choice < 0.65) await this.#pushIndex(repository);
    else if (choice < 0.75) await this.#moveTag(repository);
    else if (choice < 0.85) await this.#delete(repository, this.#tag());
    else await this.#deleteManifest(repository);
  }

  async #pushImage(repository: RepositoryClient): Promise<void> {
    const config = jsonContent(configType, {
      made_by: this.#name,
      serial: this.#serial++,
      at: this.#random.next(),
    });
    const blobs = [config, ...Array.from({ length: this.#random.between(1, 3) }, () => this.#layer())];
    const other = this.#random.pick(this.#playground.repositories).name;
    for (const blob of blobs) {
      const refusal = await bringBlob(repository, blob, this.#random, other);
      if (refusal === null) continue;
      this.complaints.push(`The blob ${blob.digest} was refused: ${refusal}`);
      return;
    }
    const [, ...layers] = blobs.map(descriptor);
    const document = { schemaVersion: 2, mediaType: OCI_MANIFEST, config: descriptor(config), layers };
    await this.#pushManifest(repository, jsonContent(OCI_MANIFEST, document));
  }

  #layer(): Content {
    if (this.#random.chance(0.5)) return this.#random.pick(this.#playground.sharedLayers);
    const size = this.#random.chance(0.1) ? 700_000 : this.#random.between(1, 30_000);
    return content(layerType, this.#random.bytes(size));
  }

  async #pushIndex(repository: RepositoryClient): Promise<void> {
    const [one, two] = this.#manifests(repository);
    if (one === undefined || two === undefined) return;
    const manifests = [one, two].map((digest) => ({ mediaType: OCI_MANIFEST, digest, size: 1 }));
    const annotations = { by: this.#name, serial: String(this.#serial++) };
    const document = { schemaVersion: 2, mediaType: OCI_INDEX, manifests, annotations };
    await this.#pushManifest(repository, jsonContent(OCI_INDEX, document));
  }

  /** By a tag, by its digest, or by its digest with two tags at once. */
  async #pushManifest(repository: RepositoryClient, manifest: Content): Promise<void> {
    const tags = Array.from({ length: this.#random.between(0, 2) }, () => this.#tag());
    const query = tags.length === 2 ? `?${tags.map((tag) => `tag=${tag}`).join("&")}` : "";
    const reference = tags.length === 1 ? tags[0] : `${manifest.digest}${query}`;
    const subjects = [
      `${repository.name}@${manifest.digest}`,
      ...tags.map((tag) => `${repository.name}:${tag}`),
    ];
    const changes = new Map(subjects.map((subject) => [subject, manifest.digest]));
    await this.#change(changes, repository, `/manifests/${reference}`, {
      method: "PUT",
      headers: { "content-type": manifest.mediaType },
      body: manifest.bytes,
    });
  }

  async #moveTag(repository: RepositoryClient): Promise<void> {
    const [digest] = this.#manifests(repository);
    if (digest === undefined) return;
    const path = `/manifests/${digest}`;
    const accept = `${OCI_MANIFEST}, ${OCI_INDEX}`;
    const response = await ask(repository, path, { headers: { accept } });
    if (response.status !== 200) {
      this.complaints.push(
        `${repository.name}@${digest}: acknowledged, and answered with ${response.status}`,
      );
      return;
    }
    const mediaType = response.headers.get("content-type") ?? "";
    const tag = this.#tag();
    await this.#change(new Map([[`${repository.name}:${tag}`, digest]]), repository, `/manifests/${tag}`, {
      method: "PUT",
      headers: { "content-type": mediaType },
      body: await response.arrayBuffer(),
    });
  }

  async #deleteManifest(repository: RepositoryClient): Promise<void> {
    const [digest] = this.#manifests(repository);
    if (digest !== undefined) await this.#delete(repository, digest);
  }

  /** A manifest takes its tags with it; while an index names it, it stays. */
  async #delete(repository: RepositoryClient, reference: string): Promise<void> {
    const isDigest = reference.includes(":");
    const subject = `${repository.name}${isDigest ? "@" : ":"}${reference}`;
    const changes = new Map<string, State>([[subject, null]]);
    for (const [tag, digest] of isDigest ? this.ledger.present() : []) {
      if (digest === reference && tag.startsWith(`${repository.name}:`)) changes.set(tag, null);
    }
    await this.#change(changes, repository, `/manifests/${reference}`, { method: "DELETE" });
  }

  async #change(
    changes: Changes,
    repository: RepositoryClient,
    path: string,
    init: BunFetchRequestInit,
  ): Promise<void> {
    const change = this.ledger.begin(changes);
    const response = await ask(repository, path, init);
    const { status, ok } = response;
    if (ok) return change.acknowledge();
    if (status < 500) change.refuse();
    const expected = init.method === "DELETE" ? [404, 409] : this.#playground.collecting ? [400] : [];
    if (expected.includes(status)) return;
    this.complaints.push(`${init.method} ${repository.name}${path}: ${await describeAnswer(response)}`);
  }

  #tag(): string {
    return `${this.#name}-${this.#random.between(1, tagsPerClient)}`;
  }

  /** Manifests that are surely in the repository, in any order. */
  #manifests(repository: RepositoryClient): string[] {
    const own = [...this.ledger.present()]
      .filter(([subject]) => subject.startsWith(`${repository.name}@`))
      .map(([, digest]) => digest);
    const at = this.#random.between(0, own.length);
    return [...own.slice(at), ...own.slice(0, at)];
  }
}

import type { Database, Tx } from "../db/index.ts";
import { type Caller, type Clock, projectOf } from "../kernel/index.ts";
import { type Candidate, examine, type Upload } from "./candidate.ts";
import { CurrentSet } from "./current.ts";
import type { GunNames } from "./guns.ts";
import type { Journal } from "./journal.ts";
import { projectIdOf } from "./projects.ts";
import type { ProvenTargets } from "./proven-targets.ts";
import type { PublishedRoots } from "./published-roots.ts";
import { invalidUpdate, TrustRefusal } from "./refusal.ts";
import type { ServerKeys } from "./server-keys.ts";
import { KeysNotHeld, signNext } from "./server-signing.ts";
import type { MetadataStore, NewMetadata } from "./store.ts";
import { type Envelope, parseEnvelope } from "./tuf/envelope.ts";
import { TufRefusal } from "./tuf/refusal.ts";
import { isRole } from "./tuf/roles.ts";

export interface PublisherOptions {
  readonly database: Database;
  readonly clock: Clock;
  readonly store: MetadataStore;
  readonly keys: ServerKeys;
  readonly journal: Journal;
  readonly names: GunNames;
  readonly proven: ProvenTargets;
  readonly roots: PublishedRoots;
}

/** Takes what clients sign: all of it at once, or nothing (the contract, section 3). */
export class Publisher {
  readonly #database: Database;
  readonly #clock: Clock;
  readonly #store: MetadataStore;
  readonly #keys: ServerKeys;
  readonly #journal: Journal;
  readonly #names: GunNames;
  readonly #proven: ProvenTargets;
  readonly #roots: PublishedRoots;

  constructor({ database, clock, store, keys, journal, names, proven, roots }: PublisherOptions) {
    this.#database = database;
    this.#clock = clock;
    this.#store = store;
    this.#keys = keys;
    this.#journal = journal;
    this.#names = names;
    this.#proven = proven;
    this.#roots = roots;
  }

  /**
   * Publishes `uploads` under `gun`, with a snapshot of the server's where the client sent none, and always with a
   * new timestamp. Of a role that is there twice the last counts. Throws INVALID_UPDATE, and VERSION for what is
   * not newer than what is published, or when somebody else published while this was being checked.
   */
  async publish(caller: Caller, gun: string, uploads: readonly Upload[]): Promise<void> {
    const now = this.#clock();
    const current = await CurrentSet.open(this.#store, gun);
    const byRole = new Map(uploads.map((upload) => [upload.role, upload]));
    const candidate = await examine(gun, byRole, current, this.#roots, this.#proven, now);
    const { root, accepted } = candidate;
    const documents: NewMetadata[] = accepted.map(({ role, content, envelope }) => ({
      role,
      content,
      version: envelope.version,
    }));
    const uploaded = documents.find(({ role }) => role === "snapshot");
    const snapshot = uploaded ?? (await this.#signSnapshot(gun, candidate, current, now));
    const timestamp = await this.#signTimestamp(gun, candidate, current, snapshot, now);
    if (uploaded === undefined) documents.push(snapshot);
    documents.push(timestamp);
    const added = await this.#database.write(async (tx) => {
      await this.#requireProject(tx, gun);
      if (current === null) await this.#requireNoOther(tx, gun);
      // TUF specification 1.0, sections 5.3.5, 5.4.3, 5.5.5: no version is ever replaced, or followed by a lower one.
      const stored = await this.#store.add(tx, gun, current?.timestamp.stored ?? null, documents, now);
      // Those of a root that is published already were marked with it.
      if (byRole.has("root")) await this.#keys.markUsed(tx, gun, [root.roles.snapshot, root.roles.timestamp]);
      await this.#journal.published(tx, gun, timestamp, { caller, documents });
      return stored;
    });
    this.#store.remember(gun, added);
  }

  /**
   * Trust data goes with its project. A right to push is a little older than what is done with it, and whatever was
   * published after that would decide in the next project of that name. Throws INVALID_GUN.
   */
  async #requireProject(tx: Tx, gun: string): Promise<void> {
    const repository = this.#names.repositoryOf(gun);
    if (repository === null || (await projectIdOf(tx, repository)) !== null) return;
    const detail = `There is no project "${projectOf(repository)}". Create it first.`;
    throw new TrustRefusal("INVALID_GUN", detail, detail);
  }

  /**
   * Whoever may push, and has nobody's keys, could begin anew under another name of this server, and sign there whatever
   * they like. Throws INVALID_GUN.
   */
  async #requireNoOther(tx: Tx, gun: string): Promise<void> {
    const repository = this.#names.repositoryOf(gun);
    if (repository === null) return;
    const others = this.#names.gunsOf(repository).filter((other) => other !== gun);
    const other = others.length === 0 ? null : await this.#store.firstOf(tx, others);
    if (other === null) return;
    const detail = `The trust data of this repository lies under ${other}: sign it by that name, or have an administrator of the project delete that first.`;
    throw new TrustRefusal("INVALID_GUN", detail, detail);
  }

  async #signSnapshot(
    gun: string,
    { root, documents, hasTargets }: Candidate,
    current: CurrentSet | null,
    now: number,
  ): Promise<NewMetadata> {
    if (current === null && !hasTargets) throw invalidUpdate("Validation", "targets must be loaded first");
    const previous = current?.snapshot.envelope ?? null;
    return this.#sign("snapshot", gun, root, previous, documents, now, () =>
      invalidUpdate(
        "BadHierarchy",
        "no snapshot was included in update and server does not hold current snapshot key for repository",
      ),
    );
  }

  async #signTimestamp(
    gun: string,
    { root }: Candidate,
    current: CurrentSet | null,
    snapshot: NewMetadata,
    now: number,
  ): Promise<NewMetadata> {
    const previous = current?.timestamp.envelope ?? null;
    const documents = new Map([["snapshot", snapshot.content]]);
    // The two spaces are Notary's.
    return this.#sign("timestamp", gun, root, previous, documents, now, () =>
      invalidUpdate("BadRoot", "no  timestamp keys exist on the server"),
    );
  }

  async #sign(
    kind: "snapshot" | "timestamp",
    gun: string,
    root: Candidate["root"],
    previous: Envelope | null,
    documents: ReadonlyMap<string, Uint8Array>,
    now: number,
    notHeld: () => TrustRefusal,
  ): Promise<NewMetadata> {
    try {
      return await signNext(this.#keys, gun, kind, root, previous, documents, now);
    } catch (error) {
      if (error instanceof KeysNotHeld) throw notHeld();
      throw error instanceof TufRefusal ? invalidUpdate("Validation", error.message, error) : error;
    }
  }
}

/** One part of an upload. Throws INVALID_ROLE and MALFORMED_JSON. */
export function readUpload(role: string, content: Uint8Array): Upload {
  if (!isRole(role)) throw new TrustRefusal("INVALID_ROLE", `"${role.slice(0, 255)}" is no role.`, role);
  try {
    return { role, content, envelope: parseEnvelope(content) };
  } catch (error) {
    if (!(error instanceof TufRefusal)) throw error;
    throw new TrustRefusal("MALFORMED_JSON", error.message, null, error);
  }
}

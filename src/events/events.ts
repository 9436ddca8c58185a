import type { Tx } from "../db/index.ts";
import type { Caller } from "../kernel/index.ts";

/** Tags were pointed to a manifest that they did not point to before: by a push, a copy, or the API. */
export interface TagsMoved {
  readonly repository: string;
  readonly digest: string;
  /** `before` is what the tag pointed to; null for a new one. */
  readonly tags: readonly { readonly name: string; readonly before: string | null }[];
  readonly caller: Caller;
}

/** A manifest was pushed or copied into a repository, for the first time or again. */
export interface ManifestPushed {
  readonly manifestId: number;
  readonly projectId: number;
  readonly repository: string;
  readonly digest: string;
  /** What it says that it is about. */
  readonly subject: string | null;
  /** The repository that this server copied it from; null where a client pushed it. */
  readonly copyOf: string | null;
  readonly caller: Caller;
}

/** A project, which has no repositories any more, is deleted in this transaction. */
export interface ProjectDeleted {
  readonly name: string;
  readonly caller: Caller;
}

/** Something about trust that people should know of, raised once for each change. */
export type TrustAlarm = TagAlarm | ExpiryAlarm;

export interface TagAlarm {
  /**
   * `tampered`: the tag is signed as something else than what it points to. `expired`: its signatures have ended.
   * `restored`: it is signed as what it points to again, or no longer signed at all.
   */
  readonly kind: "tampered" | "expired" | "restored";
  readonly repository: string;
  /** All of them at least one; several when one thing happened to all of them. */
  readonly tags: readonly TroubledTag[];
  /** Why nothing can be said of the tags, when the trust data itself is not what anybody signed. */
  readonly reason: string | null;
  /** Who pushed, or published; the server itself when time has passed. */
  readonly caller: Caller;
}

export interface TroubledTag {
  readonly name: string;
  /** What it points to. */
  readonly digest: string;
  /** What is signed; null when nothing is, or nobody can say. */
  readonly signed: string | null;
  /** Who signed that: `targets`, `targets/releases`. */
  readonly signers: readonly string[];
}

/** Metadata that only people can sign anew will expire. */
export interface ExpiryAlarm {
  readonly kind: "expiring";
  readonly gun: string;
  readonly repository: string;
  readonly role: string;
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
  readonly caller: Caller;
}

/** An image that somebody has pulled is known to be more vulnerable than before; raised once for each change. */
export interface ImageBecameVulnerable {
  readonly repository: string;
  readonly projectId: number;
  readonly digest: string;
  readonly tags: readonly string[];
  /** When it was last pulled, milliseconds since 1970. */
  readonly pulledAt: number;
  /** How many vulnerabilities are new; `vulnerabilities` has the worst of them, and not all. */
  readonly count: number;
  readonly vulnerabilities: readonly NewVulnerability[];
  readonly caller: Caller;
}

export interface NewVulnerability {
  readonly id: string;
  readonly severity: string;
  readonly package: string;
  readonly version: string;
  /** Null where there is no fix. */
  readonly fixedVersion: string | null;
}

/** What can happen, by its name. */
export interface EventTypes {
  readonly imageBecameVulnerable: ImageBecameVulnerable;
  readonly manifestPushed: ManifestPushed;
  readonly projectDeleted: ProjectDeleted;
  readonly tagsMoved: TagsMoved;
  readonly trustAlarm: TrustAlarm;
}

type Listener<E> = (tx: Tx, event: E) => Promise<void>;
type Listeners = { readonly [T in keyof EventTypes]: Listener<EventTypes[T]>[] };

/**
 * What rooms tell others without knowing them. Listeners are called within the transaction in which it happens, so
 * that what they write comes about with it or not at all, and survives any crash after it. They do little there:
 * what takes time, or leaves the process, they put in a queue.
 */
export class Events {
  readonly #listeners: Listeners = {
    imageBecameVulnerable: [],
    manifestPushed: [],
    projectDeleted: [],
    tagsMoved: [],
    trustAlarm: [],
  };

  on<T extends keyof EventTypes>(type: T, listener: Listener<EventTypes[T]>): void {
    this.#listeners[type].push(listener);
  }

  async emit<T extends keyof EventTypes>(tx: Tx, type: T, event: EventTypes[T]): Promise<void> {
    for (const listener of this.#listeners[type]) await listener(tx, event);
  }
}

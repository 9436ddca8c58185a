import { notFound } from "./refusal.ts";
import type { MetadataStore, RoleContent, StoredMetadata } from "./store.ts";
import { type Envelope, parseEnvelope } from "./tuf/envelope.ts";
import { sha256In } from "./tuf/hashes.ts";
import { type Listing, parseListing } from "./tuf/listings.ts";

/** A stored snapshot or timestamp, read. */
export interface StoredListing {
  readonly stored: StoredMetadata;
  readonly envelope: Envelope;
  readonly listing: Listing;
}

/**
 * What is published of a GUN at one moment: a timestamp, and whatever can be reached from it by hash. Documents
 * never change, so that the set is whole however long it takes to read (the contract, section 4; TUF
 * specification 1.0, section 6, consistent snapshots).
 */
export class CurrentSet {
  readonly gun: string;
  readonly timestamp: StoredListing;
  readonly snapshot: StoredListing;
  readonly #store: MetadataStore;

  private constructor(store: MetadataStore, gun: string, timestamp: StoredListing, snapshot: StoredListing) {
    this.#store = store;
    this.gun = gun;
    this.timestamp = timestamp;
    this.snapshot = snapshot;
  }

  /** Null when nothing is published under that GUN. */
  static async open(store: MetadataStore, gun: string): Promise<CurrentSet | null> {
    const latest = await store.latestTimestamp(gun);
    if (latest === null) return null;
    const timestamp = readListing("timestamp", latest);
    const hash = sha256In(timestamp.listing.meta.get("snapshot"));
    const found = hash === null ? null : await store.linked(gun, "snapshot", hash);
    // Deleted since the timestamp was read.
    if (found === null) return null;
    return new CurrentSet(store, gun, timestamp, readListing("snapshot", found));
  }

  /** The role's document; null when the snapshot names none, or it was deleted since. */
  async find(role: string): Promise<StoredMetadata | null> {
    if (role === "timestamp") return this.timestamp.stored;
    if (role === "snapshot") return this.snapshot.stored;
    const hash = sha256In(this.snapshot.listing.meta.get(role));
    return hash === null ? null : this.#store.linked(this.gun, role, hash);
  }

  /** What was ever published with that version by others among the roles of targets. */
  ofOthers(role: string, version: number): Promise<readonly RoleContent[]> {
    return this.#store.ofOthers(this.gun, role, version);
  }

  /** The role's document. Throws METADATA_NOT_FOUND. */
  async get(role: string): Promise<StoredMetadata> {
    const found = await this.find(role);
    if (found === null) throw notFound(`current ${role} of ${this.gun}`);
    return found;
  }
}

export function readListing(kind: "snapshot" | "timestamp", stored: StoredMetadata): StoredListing {
  const envelope = parseEnvelope(stored.content);
  return { stored, envelope, listing: parseListing(envelope, kind) };
}

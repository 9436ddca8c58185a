import type { Database } from "../db/index.ts";
import type { Clock } from "../kernel/index.ts";
import { CurrentSet } from "./current.ts";
import type { Journal } from "./journal.ts";
import type { PublishedRoots } from "./published-roots.ts";
import { notFound, TrustRefusal } from "./refusal.ts";
import type { ServerKeys } from "./server-keys.ts";
import { signNext } from "./server-signing.ts";
import type { MetadataStore, NewMetadata } from "./store.ts";
import { parseEnvelope } from "./tuf/envelope.ts";
import { showInstant } from "./tuf/instant.ts";
import { verifyListing } from "./tuf/listings.ts";
import { TufRefusal } from "./tuf/refusal.ts";
import type { Root } from "./tuf/root.ts";

/** How often somebody else may be faster, one after the other, before that is no coincidence. */
const attempts = 5;

export interface RenewalOptions {
  readonly database: Database;
  readonly clock: Clock;
  readonly store: MetadataStore;
  readonly keys: ServerKeys;
  readonly journal: Journal;
  readonly roots: PublishedRoots;
}

/**
 * Signs timestamps and snapshots anew once they have expired, so that clients can tell a server that has nothing
 * new from one that is cut off (TUF specification 1.0, section 1.5.2, freeze attacks; the contract, section 4).
 */
export class Renewal {
  readonly #database: Database;
  readonly #clock: Clock;
  readonly #store: MetadataStore;
  readonly #keys: ServerKeys;
  readonly #journal: Journal;
  readonly #roots: PublishedRoots;

  constructor({ database, clock, store, keys, journal, roots }: RenewalOptions) {
    this.#database = database;
    this.#clock = clock;
    this.#store = store;
    this.#keys = keys;
    this.#journal = journal;
    this.#roots = roots;
  }

  /**
   * `current` while it is good, else what is current after signing anew. Throws UNKNOWN when the server has not the
   * keys, or the root has expired too: METADATA_NOT_FOUND when everything was deleted in the meantime.
   */
  async renewed(current: CurrentSet): Promise<CurrentSet> {
    let found = current;
    for (let attempt = 0; attempt < attempts; attempt++) {
      const now = this.#clock();
      if (found.timestamp.listing.expires.at >= now && found.snapshot.listing.expires.at >= now) return found;
      await this.#renew(found, now);
      const next = await CurrentSet.open(this.#store, current.gun);
      if (next === null) throw notFound(`trust data of ${current.gun}`);
      found = next;
    }
    throw new TrustRefusal("UNKNOWN", `The trust data of ${current.gun} is being changed all the time.`);
  }

  /** Signs and stores; does nothing when somebody else was faster, whose result is as good. */
  async #renew(current: CurrentSet, now: number): Promise<void> {
    const { gun, timestamp } = current;
    const root = await this.#rootOf(current, now);
    const documents: NewMetadata[] = [];
    let snapshot = current.snapshot.stored.content;
    if (current.snapshot.listing.expires.at < now) {
      const { envelope } = current.snapshot;
      const { content } = await current.get("root");
      const named = new Map([["root", content]]);
      const next = await refusedAsUnknown(() =>
        signNext(this.#keys, gun, "snapshot", root, envelope, named, now),
      );
      documents.push(next);
      snapshot = next.content;
    }
    // A timestamp says of a snapshot that it is the right one: not of one that the root's keys did not sign.
    await refusedAsUnknown(() =>
      verifyListing(parseEnvelope(snapshot), "snapshot", root.roles.snapshot, now, new Map()),
    );
    const listed = new Map([["snapshot", snapshot]]);
    const next = await refusedAsUnknown(() =>
      signNext(this.#keys, gun, "timestamp", root, timestamp.envelope, listed, now),
    );
    documents.push(next);
    try {
      await this.#database.write(async (tx) => {
        await this.#store.add(tx, gun, timestamp.stored, documents, now);
        await this.#journal.published(tx, gun, next, null);
      });
    } catch (error) {
      if (!(error instanceof TrustRefusal) || error.code !== "VERSION") throw error;
    }
  }

  async #rootOf(current: CurrentSet, now: number): Promise<Root> {
    const { gun } = current;
    const { content } = await current.get("root");
    const { expires } = parseEnvelope(content);
    if (expires.at < now) {
      const detail = { Role: "root", Expired: showInstant(expires) };
      throw new TrustRefusal("UNKNOWN", `The root of ${gun} has expired.`, detail);
    }
    return refusedAsUnknown(() => this.#roots.verify(gun, content, now));
  }
}

/** What is published fails a check, which the reader cannot help: UNKNOWN. */
async function refusedAsUnknown<T>(check: () => T | Promise<T>): Promise<T> {
  try {
    return await check();
  } catch (error) {
    if (!(error instanceof TufRefusal)) throw error;
    throw new TrustRefusal("UNKNOWN", error.message, {}, error);
  }
}

import { Lru } from "../kernel/index.ts";
import { CurrentSet } from "./current.ts";
import type { ProvenTargets } from "./proven-targets.ts";
import type { PublishedRoots } from "./published-roots.ts";
import { TrustRefusal } from "./refusal.ts";
import type { Renewal } from "./renewal.ts";
import type { MetadataStore } from "./store.ts";
import { TufRefusal } from "./tuf/refusal.ts";
import { maxBytes, type VerifiedTargets, verifyCurrentTargets } from "./verified-targets.ts";

/** What is signed under a GUN, or why nothing can be said of it: somebody has changed what is stored. */
export type Verified = { readonly targets: VerifiedTargets } | { readonly broken: string };

interface Known {
  /** The timestamp's hash, which everything below it follows from: nothing here ever changes. */
  readonly sha256: string;
  readonly targets: VerifiedTargets;
}

/** Verifies what is published, once for each version of it, of which the newest of each GUN is remembered. */
export class Verification {
  readonly #store: MetadataStore;
  readonly #renewal: Renewal;
  readonly #proven: ProvenTargets;
  readonly #roots: PublishedRoots;
  readonly #known = new Lru<string, Known>(maxBytes, ({ targets }) => targets.bytes);
  readonly #underWay = new Map<string, Promise<VerifiedTargets>>();

  constructor(store: MetadataStore, renewal: Renewal, proven: ProvenTargets, roots: PublishedRoots) {
    this.#store = store;
    this.#renewal = renewal;
    this.#proven = proven;
    this.#roots = roots;
  }

  /** Null where nothing is published. */
  async of(gun: string): Promise<Verified | null> {
    for (;;) {
      let stored: CurrentSet | null = null;
      try {
        stored = await CurrentSet.open(this.#store, gun);
        if (stored === null) return null;
        return { targets: await this.#targetsOf(await this.#renewedIfPossible(stored)) };
      } catch (error) {
        // Deleted while it was being read.
        if (error instanceof TrustRefusal && error.code === "METADATA_NOT_FOUND") return null;
        if (!(error instanceof TufRefusal)) throw error;
        // So may what lacks a part have been: that says nothing of what is published now.
        const latest = stored && (await this.#store.latestTimestamp(gun));
        if (latest?.sha256 === stored?.timestamp.stored.sha256) return { broken: error.message };
      }
    }
  }

  /** Those who ask while it is being worked out wait for the one answer. */
  async #targetsOf(current: CurrentSet): Promise<VerifiedTargets> {
    const { gun, timestamp } = current;
    const { sha256 } = timestamp.stored;
    const known = this.#known.get(gun);
    if (known?.sha256 === sha256) return known.targets;
    const key = `${gun}\n${sha256}`;
    const underWay = this.#underWay.get(key);
    if (underWay !== undefined) return underWay;
    const work = verifyCurrentTargets(current, this.#roots, this.#proven)
      .then((targets) => {
        this.#known.set(gun, { sha256, targets });
        return targets;
      })
      .finally(() => this.#underWay.delete(key));
    this.#underWay.set(key, work);
    return work;
  }

  /** What cannot be signed anew is looked at as it is, and found to have expired. */
  async #renewedIfPossible(current: CurrentSet): Promise<CurrentSet> {
    try {
      return await this.#renewal.renewed(current);
    } catch (error) {
      if (error instanceof TrustRefusal && error.code === "UNKNOWN") return current;
      throw error;
    }
  }
}

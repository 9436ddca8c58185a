import { Lru } from "../kernel/index.ts";
import { CurrentSet } from "./current.ts";
import { TrustRefusal } from "./refusal.ts";
import type { Renewal } from "./renewal.ts";
import type { MetadataStore } from "./store.ts";
import { TufRefusal } from "./tuf/refusal.ts";
import { type VerifiedTargets, verifyCurrentTargets } from "./verified-targets.ts";

/** What is signed under a GUN, or why nothing can be said of it: somebody has changed what is stored. */
export type Verified = { readonly targets: VerifiedTargets } | { readonly broken: string };

/** GUNs of which the verified targets are remembered. */
const remembered = 1_000;

/** Verifies what is published, once for each version of it. */
export class Verification {
  readonly #store: MetadataStore;
  readonly #renewal: Renewal;
  /** By GUN and the timestamp's hash, which everything below it follows from: nothing here ever changes. */
  readonly #known = new Lru<string, VerifiedTargets>(remembered);

  constructor(store: MetadataStore, renewal: Renewal) {
    this.#store = store;
    this.#renewal = renewal;
  }

  /** Null where nothing is published. */
  async of(gun: string): Promise<Verified | null> {
    try {
      const stored = await CurrentSet.open(this.#store, gun);
      if (stored === null) return null;
      const current = await this.#renewedIfPossible(stored);
      const key = `${gun}\n${current.timestamp.stored.sha256}`;
      const targets = this.#known.get(key) ?? (await verifyCurrentTargets(current));
      this.#known.set(key, targets);
      return { targets };
    } catch (error) {
      if (error instanceof TufRefusal) return { broken: error.message };
      // Deleted while it was being read.
      if (error instanceof TrustRefusal && error.code === "METADATA_NOT_FOUND") return null;
      throw error;
    }
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

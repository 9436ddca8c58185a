import { type Clock, Lru } from "../kernel/index.ts";
import { CurrentSet } from "./current.ts";
import type { GunNames } from "./guns.ts";
import { TrustRefusal } from "./refusal.ts";
import type { Renewal } from "./renewal.ts";
import type { MetadataStore } from "./store.ts";
import { TufRefusal } from "./tuf/refusal.ts";
import { type VerifiedRole, type VerifiedTargets, verifyCurrentTargets } from "./verified-targets.ts";

/** A role that signed a tag with the digest that counts. */
export interface TagSigner {
  readonly role: string;
  /** Canonical ids of the keys that may sign for it. */
  readonly keys: readonly string[];
  /** When this version of the role's targets was published; milliseconds since 1970. */
  readonly publishedAt: number;
}

interface SignedDigest {
  readonly gun: string;
  /** `sha256:` and the hash that is signed. */
  readonly digest: string;
  readonly signers: readonly TagSigner[];
  /** Until when clients take the signatures; milliseconds since 1970. */
  readonly until: number;
}

/** What clients that verify would make of a tag. */
export type TrustStatus =
  | { readonly state: "unsigned" }
  | ({ readonly state: "signed" | "expired" } & SignedDigest)
  /** The tag points to something else than what is signed. */
  | ({ readonly state: "tampered" } & SignedDigest)
  /** The metadata in the database is not what anybody signed: nothing can be said of the tag. */
  | { readonly state: "tampered"; readonly gun: string; readonly reason: string };

export interface TagDigest {
  readonly tag: string;
  readonly digest: string;
}

/** The roles whose word Docker takes for what a tag is, from the first (docker/cli, trustedPull). */
const deciding = ["targets/releases", "targets"] as const;

type Known = { readonly targets: VerifiedTargets } | { readonly broken: string };

/** GUNs of which the verified targets are remembered. */
const remembered = 1_000;

/** Says of tags whether they are signed, by verifying what is stored: not by a flag that somebody set. */
export class TrustStatuses {
  readonly #clock: Clock;
  readonly #store: MetadataStore;
  readonly #renewal: Renewal;
  readonly #names: GunNames;
  /** By GUN and the timestamp's hash, which everything below it follows from: nothing here ever changes. */
  readonly #known = new Lru<string, VerifiedTargets>(remembered);

  constructor(clock: Clock, store: MetadataStore, renewal: Renewal, names: GunNames) {
    this.#clock = clock;
    this.#store = store;
    this.#renewal = renewal;
    this.#names = names;
  }

  /**
   * The status of each of a repository's tags, in their order. What it costs in queries does not depend on how many
   * there are. Where a repository has trust data under several host names, the first under which a tag is signed counts.
   */
  async of(repository: string, tags: readonly TagDigest[]): Promise<readonly TrustStatus[]> {
    const sources: { gun: string; known: Known }[] = [];
    for (const gun of this.#names.gunsOf(repository)) {
      const known = await this.#verified(gun);
      if (known !== null) sources.push({ gun, known });
    }
    const now = this.#clock();
    return tags.map((tag) => {
      for (const { gun, known } of sources) {
        if ("broken" in known) return { state: "tampered", gun, reason: known.broken };
        const status = judge(gun, known.targets, tag, now);
        if (status.state !== "unsigned") return status;
      }
      return { state: "unsigned" };
    });
  }

  /** The status of an artifact that is asked for by its digest: signed under whichever tag, or not at all. */
  async ofDigest(repository: string, digest: string): Promise<TrustStatus> {
    let found: TrustStatus = { state: "unsigned" };
    for (const gun of this.#names.gunsOf(repository)) {
      const known = await this.#verified(gun);
      if (known === null) continue;
      if ("broken" in known) return { state: "tampered", gun, reason: known.broken };
      for (const tag of tagsSignedAs(known.targets, digest)) {
        const status = judge(gun, known.targets, { tag, digest }, this.#clock());
        if (status.state === "signed") return status;
        if (status.state === "expired") found = status;
      }
    }
    return found;
  }

  async #verified(gun: string): Promise<Known | null> {
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

/** The tags under which a role that counts has signed the digest. */
function tagsSignedAs({ roles }: VerifiedTargets, digest: string): ReadonlySet<string> {
  const tags = new Set<string>();
  for (const name of deciding) {
    for (const [tag, hash] of roles.get(name)?.targets ?? []) {
      if (digest === `sha256:${hash}`) tags.add(tag);
    }
  }
  return tags;
}

function judge(
  gun: string,
  { roles, expiresAt, listedUntil }: VerifiedTargets,
  { tag, digest }: TagDigest,
  now: number,
): TrustStatus {
  const candidates = deciding.flatMap((name) => {
    const role = roles.get(name);
    const hash = role?.targets.get(tag);
    return role === undefined || hash === undefined ? [] : [{ role, hash }];
  });
  // Clients pass over a delegation that has expired.
  const decided = candidates.find(({ role }) => role.expiresAt >= now) ?? candidates[0];
  if (decided === undefined) return { state: "unsigned" };
  const signed = {
    gun,
    digest: `sha256:${decided.hash}`,
    signers: signersOf(roles, tag, decided.hash, now),
    // What is out of date by now could not be signed anew.
    until: Math.min(decided.role.expiresAt, expiresAt, listedUntil < now ? listedUntil : expiresAt),
  };
  if (signed.digest !== digest) return { state: "tampered", ...signed };
  return { state: signed.until < now ? "expired" : "signed", ...signed };
}

/** As `docker trust inspect` lists signers: every role that signed the tag with that very hash. */
function signersOf(
  roles: ReadonlyMap<string, VerifiedRole>,
  tag: string,
  hash: string,
  now: number,
): readonly TagSigner[] {
  const all = [...roles.values()].filter((role) => role.targets.get(tag) === hash);
  const valid = all.filter((role) => role.expiresAt >= now);
  return (valid.length > 0 ? valid : all).map(({ role, keys, publishedAt }) => ({ role, keys, publishedAt }));
}

import type { Clock } from "../kernel/index.ts";
import type { GunNames } from "./guns.ts";
import { type SignedDigest, type TagSigner, type TrustStatus, together } from "./trust-status.ts";
import type { Verification, Verified } from "./verification.ts";
import type { VerifiedRole, VerifiedTargets } from "./verified-targets.ts";

export interface TagDigest {
  readonly tag: string;
  readonly digest: string;
}

/** The roles whose word Docker takes for what a tag is, from the first (docker/cli, trustedPull). */
const deciding = ["targets/releases", "targets"] as const;

/** Tags that are looked at for who has signed one digest. */
const maxTagsOfDigest = 1_000;

/** Something published for a repository. */
interface Source {
  readonly gun: string;
  readonly verified: Verified;
}

/** Says of tags whether they are signed, by verifying what is stored: not by a flag that somebody set. */
export class TrustStatuses {
  readonly #clock: Clock;
  readonly #verification: Verification;
  readonly #names: GunNames;
  readonly #tagsByDigest = new WeakMap<VerifiedTargets, ReadonlyMap<string, readonly string[]>>();

  constructor(clock: Clock, verification: Verification, names: GunNames) {
    this.#clock = clock;
    this.#verification = verification;
    this.#names = names;
  }

  /**
   * The status of each of a repository's tags, in their order. What it costs in queries does not depend on how many
   * there are.
   */
  async of(repository: string, tags: readonly TagDigest[]): Promise<readonly TrustStatus[]> {
    const source = await this.#source(repository);
    const now = this.#clock();
    return tags.map((tag) => {
      if (source === null) return { state: "unsigned" };
      const { gun, verified } = source;
      if ("broken" in verified) return { state: "tampered", gun, reason: verified.broken };
      return judge(gun, verified.targets, tag, now);
    });
  }

  /**
   * The status of artifacts that are asked for by their digests: signed under whichever tag, by all who have signed
   * it there, or not at all.
   */
  async ofDigests(repository: string, digests: readonly string[]): Promise<ReadonlyMap<string, TrustStatus>> {
    const source = await this.#source(repository);
    const now = this.#clock();
    return new Map(
      digests.map((digest) => [digest, together(source === null ? [] : this.#ofDigest(source, digest, now))]),
    );
  }

  #ofDigest({ gun, verified }: Source, digest: string, now: number): readonly TrustStatus[] {
    if ("broken" in verified) return [{ state: "tampered", gun, reason: verified.broken }];
    const { targets } = verified;
    let tags = this.#tagsByDigest.get(targets);
    if (tags === undefined) {
      tags = tagsByDigest(targets);
      this.#tagsByDigest.set(targets, tags);
    }
    return (
      (tags.get(digest) ?? [])
        .slice(0, maxTagsOfDigest)
        .map((tag) => judge(gun, targets, { tag, digest }, now))
        // A role that counts more has signed the tag as something else.
        .filter(({ state }) => state !== "tampered")
    );
  }

  /**
   * Where a repository has trust data under several names of this server, that under the first of them: whoever may
   * push could begin anew under another, and sign there whatever they like without anybody's keys.
   */
  async #source(repository: string): Promise<Source | null> {
    for (const gun of this.#names.gunsOf(repository)) {
      const verified = await this.#verification.of(gun);
      if (verified !== null) return { gun, verified };
    }
    return null;
  }
}

/** The tags under which a role that counts has signed each digest. */
function tagsByDigest({ roles }: VerifiedTargets): ReadonlyMap<string, readonly string[]> {
  const byDigest = new Map<string, string[]>();
  const first = roles.get(deciding[0])?.targets;
  for (const name of deciding) {
    for (const [tag, hash] of roles.get(name)?.targets ?? []) {
      if (name !== deciding[0] && first?.get(tag) === hash) continue;
      const digest = `sha256:${hash}`;
      const known = byDigest.get(digest);
      if (known === undefined) byDigest.set(digest, [tag]);
      else known.push(tag);
    }
  }
  return byDigest;
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
  const signed: SignedDigest = {
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

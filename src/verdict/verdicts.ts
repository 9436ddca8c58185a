import type { Database } from "../db/index.ts";
import { BreakwaterError, type Digest, type RepositoryName } from "../kernel/index.ts";
import type { ResolvedManifest } from "../registry/index.ts";
import type { Trust, TrustStatus } from "../trust/index.ts";
import { isNotRunnable } from "./not-runnable.ts";
import { PullPolicies, type PullPolicy } from "./policy.ts";
import { allowed, judgeTrust, type Verdict } from "./verdict.ts";

/** How deep indexes may lie in one another for a child to be found signed. */
const maxDepth = 4;

/**
 * The one place that says whether an artifact may be pulled, for the pull itself, for the portal, and later for
 * admission. It looks at what was verified, never at who asks or with which client.
 */
export class Verdicts {
  readonly #database: Database;
  readonly #trust: Pick<Trust, "statuses">;
  readonly #policies: PullPolicies;

  constructor(database: Database, trust: Pick<Trust, "statuses">) {
    this.#database = database;
    this.#trust = trust;
    this.#policies = new PullPolicies(database);
  }

  /** `tag` is the one that it is asked for by; null when by digest. */
  ofPull(name: RepositoryName, tag: string | null, manifest: ResolvedManifest): Verdict | Promise<Verdict> {
    const policy = this.#policies.of(manifest.projectId);
    if (policy instanceof Promise) return policy.then((known) => this.#judge(name, tag, manifest, known));
    return policy.contentTrust ? this.#judge(name, tag, manifest, policy) : allowed;
  }

  async #judge(
    name: RepositoryName,
    tag: string | null,
    manifest: ResolvedManifest,
    policy: PullPolicy,
  ): Promise<Verdict> {
    if (!policy.contentTrust || isNotRunnable(manifest.content)) return allowed;
    const what = tag === null ? `${name}@${manifest.digest}` : `${name}:${tag}`;
    const status =
      tag === null
        ? await this.#statusOfDigest(name, manifest.repositoryId, manifest.digest, maxDepth)
        : await this.#statusOfTag(name, tag, manifest.digest);
    return judgeTrust(what, status, policy);
  }

  async #statusOfTag(name: string, tag: string, digest: Digest): Promise<TrustStatus> {
    const [status = unsigned] = await this.#trust.statuses.of(name, [{ tag, digest }]);
    return status;
  }

  /** Signed under any tag; or part of an index that is: who signs an index signs what it names. */
  async #statusOfDigest(
    name: string,
    repositoryId: number,
    digest: string,
    depth: number,
  ): Promise<TrustStatus> {
    const own = await this.#trust.statuses.ofDigest(name, digest);
    if (own.state !== "unsigned" || depth === 0) return own;
    const parents = await this.#database.read
      .selectFrom("manifest_child")
      .innerJoin("manifest", "manifest.id", "manifest_child.manifest_id")
      .select("manifest.digest")
      .where("manifest.repository_id", "=", repositoryId)
      .where("manifest_child.child_digest", "=", digest)
      .execute();
    for (const parent of parents) {
      const status = await this.#statusOfDigest(name, repositoryId, parent.digest, depth - 1);
      if (status.state !== "unsigned") return status;
    }
    return own;
  }
}

const unsigned: TrustStatus = { state: "unsigned" };

/** Throws PROJECTPOLICYVIOLATION, saying everything that stands in the way. */
export function requireAllowed(verdict: Verdict): void {
  if (verdict.allowed) return;
  throw new BreakwaterError(
    "PROJECTPOLICYVIOLATION",
    `The project's policy forbids this pull. ${verdict.obstacles.map(({ message }) => message).join(" ")}`,
    { detail: verdict.obstacles },
  );
}

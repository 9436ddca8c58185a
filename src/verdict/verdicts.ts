import type { ObjectStore } from "../blobs/index.ts";
import type { Database } from "../db/index.ts";
import { BreakwaterError, type Digest, type RepositoryName } from "../kernel/index.ts";
import { NotRunnableManifests, type RepositoryRef, type ResolvedManifest } from "../registry/index.ts";
import type { Trust, TrustStatus } from "../trust/index.ts";
import { DigestStatuses } from "./digest-statuses.ts";
import { PullPolicies, type PullPolicy } from "./policy.ts";
import { allowed, judgeTrust, type Verdict } from "./verdict.ts";

/** What is known of something that can be pulled. */
export interface Assessment {
  readonly status: TrustStatus;
  readonly verdict: Verdict;
}

/** An artifact of a list, with the tags that it is shown with. */
export interface TaggedArtifact {
  readonly id: number;
  readonly digest: Digest;
  readonly tags: readonly { readonly name: string }[];
}

/**
 * `status` is tampered also where nobody has signed the artifact and a tag points to it that is signed as something
 * else; `verdict` is that of a pull by digest.
 */
export interface ArtifactAssessment extends Assessment {
  /** By the names of the tags that it is shown with. */
  readonly tags: ReadonlyMap<string, Assessment>;
}

/**
 * The one place that says whether an artifact may be pulled, for the pull itself, for the portal, and later for
 * admission. It looks at what was verified, never at who asks or with which client.
 */
export class Verdicts {
  readonly #trust: Pick<Trust, "statuses">;
  readonly #digests: DigestStatuses;
  readonly #policies: PullPolicies;
  readonly #notRunnable: NotRunnableManifests;

  constructor(database: Database, objects: Pick<ObjectStore, "read">, trust: Pick<Trust, "statuses">) {
    this.#trust = trust;
    this.#digests = new DigestStatuses(database, trust);
    this.#policies = new PullPolicies(database);
    this.#notRunnable = new NotRunnableManifests(database, objects);
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
    if (!policy.contentTrust || (await this.#notRunnable.has(manifest))) return allowed;
    const { repositoryId, digest } = manifest;
    if (tag !== null) {
      const [status = unsigned] = await this.#trust.statuses.of(name, [{ tag, digest }]);
      return judgeTrust(byTag(name, tag), status, policy);
    }
    const statuses = await this.#digests.of({ id: repositoryId, name }, [digest]);
    return judgeTrust(byDigest(name, digest), statuses.get(digest) ?? unsigned, policy);
  }

  /** What is known of an artifact, and of its tags; a pull would be told the same. */
  async ofArtifact(repository: RepositoryRef, artifact: TaggedArtifact): Promise<ArtifactAssessment> {
    const assess = await this.#assessor(repository, [artifact]);
    return assess(artifact);
  }

  /** As `ofArtifact`, for several of one repository, by their ids; it takes no more queries. */
  async ofArtifacts(
    repository: RepositoryRef,
    artifacts: readonly TaggedArtifact[],
  ): Promise<ReadonlyMap<number, ArtifactAssessment>> {
    const assess = await this.#assessor(repository, artifacts);
    return new Map(artifacts.map((artifact) => [artifact.id, assess(artifact)]));
  }

  async #assessor(
    { id, projectId, name }: RepositoryRef,
    artifacts: readonly TaggedArtifact[],
  ): Promise<(artifact: TaggedArtifact) => ArtifactAssessment> {
    const policy = await this.#policies.of(projectId);
    const ofDigests = await this.#digests.of(
      { id, name },
      artifacts.map(({ digest }) => digest),
    );
    const tags = artifacts.flatMap(({ digest, tags }) => tags.map((tag) => ({ tag: tag.name, digest })));
    const statuses = await this.#trust.statuses.of(name, tags);
    const ofTags = new Map(tags.map(({ tag }, index) => [tag, statuses[index] ?? unsigned]));
    const exempt = policy.contentTrust ? await this.#notRunnable.among(artifacts) : new Set();
    return (artifact) => {
      const judge = (what: string, status = unsigned): Assessment => ({
        status,
        verdict: exempt.has(artifact.id) ? allowed : judgeTrust(what, status, policy),
      });
      const own = judge(byDigest(name, artifact.digest), ofDigests.get(artifact.digest));
      const tags = new Map(
        artifact.tags.map((tag) => [tag.name, judge(byTag(name, tag.name), ofTags.get(tag.name))]),
      );
      const tampered = tags.values().find(({ status }) => status.state === "tampered");
      const status = own.status.state === "unsigned" ? (tampered ?? own).status : own.status;
      return { status, verdict: own.verdict, tags };
    };
  }
}

const unsigned: TrustStatus = { state: "unsigned" };

function byTag(name: string, tag: string): string {
  return `${name}:${tag}`;
}

function byDigest(name: string, digest: string): string {
  return `${name}@${digest}`;
}

/** Throws PROJECTPOLICYVIOLATION, saying everything that stands in the way. */
export function requireAllowed(verdict: Verdict): void {
  if (verdict.allowed) return;
  throw new BreakwaterError(
    "PROJECTPOLICYVIOLATION",
    `The project's policy forbids this pull. ${verdict.obstacles.map(({ message }) => message).join(" ")}`,
    { detail: verdict.obstacles },
  );
}

import type { ObjectStore } from "../blobs/index.ts";
import type { Database } from "../db/index.ts";
import {
  BreakwaterError,
  type Clock,
  type Digest,
  type RepositoryName,
  type Soon,
  soon,
} from "../kernel/index.ts";
import { NotRunnableManifests, type RepositoryRef, type ResolvedManifest } from "../registry/index.ts";
import type { Trust, TrustStatus } from "../trust/index.ts";
import { CopiedParts } from "./copied-parts.ts";
import { DigestStatuses } from "./digest-statuses.ts";
import { judgeScan } from "./judge-scan.ts";
import { toDetail } from "./obstacle-detail.ts";
import { PullPolicies, type PullPolicy } from "./policy.ts";
import { ScanFactsReader, type ScanInput, type Signed } from "./scan-facts.ts";
import { ScanWaits } from "./scan-waits.ts";
import { allowed, both, judgeTrust, type Verdict } from "./verdict.ts";

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

export interface VerdictsOptions {
  readonly database: Database;
  readonly objects: Pick<ObjectStore, "read">;
  readonly trust: Pick<Trust, "statuses">;
  readonly scan: ScanInput;
  readonly clock: Clock;
}

/** By the name under which something is asked for, what scanning makes of it. */
type ScanJudge = (artifact: { readonly id: number }, what: string) => Verdict;

/**
 * The one place that says whether an artifact may be pulled, for the pull itself, for the portal, and later for
 * admission. It looks at what was verified and found, never at who asks or with which client.
 */
export class Verdicts {
  readonly #trust: Pick<Trust, "statuses">;
  readonly #digests: DigestStatuses;
  readonly #policies: PullPolicies;
  readonly #notRunnable: NotRunnableManifests;
  readonly #facts: ScanFactsReader;
  readonly #parts: CopiedParts;
  readonly #waits = new ScanWaits();
  readonly #clock: Clock;

  constructor({ database, objects, trust, scan, clock }: VerdictsOptions) {
    this.#trust = trust;
    this.#digests = new DigestStatuses(database, trust);
    this.#policies = new PullPolicies(database);
    this.#notRunnable = new NotRunnableManifests(database, objects);
    this.#facts = new ScanFactsReader(database, scan, clock);
    this.#parts = new CopiedParts(database);
    this.#clock = clock;
  }

  /** `tag` is the one that it is asked for by; null when by digest. */
  ofPull(name: RepositoryName, tag: string | null, manifest: ResolvedManifest): Soon<Verdict> {
    return soon(this.#policies.of(manifest.projectId), (policy) =>
      demandsAnything(policy) ? this.#judge(name, tag, manifest, policy) : allowed,
    );
  }

  /**
   * As `ofPull`, once the scan has ended that is under way, or the project's time for that is over. Who gives up, by
   * `signal`, is told what there is.
   */
  afterScan(
    name: RepositoryName,
    tag: string | null,
    manifest: ResolvedManifest,
    signal: AbortSignal,
  ): Promise<Verdict> {
    return this.#waits.until(signal, async () => this.ofPull(name, tag, manifest));
  }

  async #judge(
    name: RepositoryName,
    tag: string | null,
    manifest: ResolvedManifest,
    policy: PullPolicy,
  ): Promise<Verdict> {
    if (!demandsAnything(policy) || (await this.#notRunnable.has(manifest))) return allowed;
    const { repositoryId, projectId, manifestId, digest } = manifest;
    const what = tag === null ? byDigest(name, digest) : byTag(name, tag);
    const trust = policy.contentTrust
      ? judgeTrust(what, await this.#statusOf(repositoryId, name, tag, digest), policy)
      : allowed;
    const image = { id: manifestId, digest };
    const judge = await this.#scanJudge({ id: repositoryId, projectId, name }, [image], policy);
    return both(trust, judge(image, what));
  }

  async #statusOf(
    repositoryId: number,
    name: RepositoryName,
    tag: string | null,
    digest: Digest,
  ): Promise<TrustStatus> {
    if (tag !== null) {
      const [status = unsigned] = await this.#trust.statuses.of(name, [{ tag, digest }]);
      return status;
    }
    const statuses = await this.#digests.of({ id: repositoryId, name }, [digest]);
    return statuses.get(digest) ?? unsigned;
  }

  /** What is known of an artifact, and of its tags; a pull would be told the same. */
  async ofArtifact(repository: RepositoryRef, artifact: TaggedArtifact): Promise<ArtifactAssessment> {
    const assess = await this.#assessor(repository, [artifact]);
    return assess(artifact);
  }

  /** As `ofArtifact`, for several of one repository, by their ids; it takes hardly more queries. */
  async ofArtifacts(
    repository: RepositoryRef,
    artifacts: readonly TaggedArtifact[],
  ): Promise<ReadonlyMap<number, ArtifactAssessment>> {
    const assess = await this.#assessor(repository, artifacts);
    return new Map(artifacts.map((artifact) => [artifact.id, assess(artifact)]));
  }

  /** May it be taken elsewhere, with all that an index names and that refers to any of it? */
  async ofCopy(repository: RepositoryRef, artifact: TaggedArtifact): Promise<Verdict> {
    const own = (await this.ofArtifact(repository, { ...artifact, tags: [] })).verdict;
    const policy = await this.#policies.of(repository.projectId);
    if (!demandsAnything(policy)) return own;
    const parts = await this.#parts.of(repository.id, artifact.digest);
    const exempt = await this.#notRunnable.among(parts);
    const judged = parts.filter(({ id }) => !exempt.has(id));
    const statuses = await this.#digests.of(
      repository,
      judged.map(({ digest }) => digest),
    );
    const judge = await this.#scanJudge(repository, judged, policy);
    return judged.reduce((verdict, part) => {
      const what = byDigest(repository.name, part.digest);
      const trust = judgeTrust(what, statuses.get(part.digest) ?? unsigned, policy);
      return both(verdict, both(trust, judge(part, what)));
    }, own);
  }

  async #assessor(
    repository: RepositoryRef,
    artifacts: readonly TaggedArtifact[],
  ): Promise<(artifact: TaggedArtifact) => ArtifactAssessment> {
    const { id, projectId, name } = repository;
    const policy = await this.#policies.of(projectId);
    const ofDigests = await this.#digests.of(
      { id, name },
      artifacts.map(({ digest }) => digest),
    );
    const tags = artifacts.flatMap(({ digest, tags }) => tags.map((tag) => ({ tag: tag.name, digest })));
    const statuses = await this.#trust.statuses.of(name, tags);
    const ofTags = new Map(tags.map(({ tag }, index) => [tag, statuses[index] ?? unsigned]));
    const exempt = demandsAnything(policy) ? await this.#notRunnable.among(artifacts) : new Set();
    const judged = artifacts.filter((artifact) => !exempt.has(artifact.id));
    const judgeScan = await this.#scanJudge(repository, judged, policy);
    return (artifact) => {
      const judge = (what: string, status = unsigned): Assessment => ({
        status,
        verdict: exempt.has(artifact.id)
          ? allowed
          : both(judgeTrust(what, status, policy), judgeScan(artifact, what)),
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

  async #scanJudge(
    repository: RepositoryRef,
    artifacts: readonly { readonly id: number; readonly digest: string }[],
    policy: PullPolicy,
  ): Promise<ScanJudge> {
    const { scan } = policy;
    if (scan === null) return () => allowed;
    const signed: Signed = async (digests) => {
      const statuses = await this.#digests.of(repository, digests);
      const demanded = { ...policy, contentTrust: true };
      return new Set(
        digests.filter((digest) => judgeTrust(digest, statuses.get(digest) ?? unsigned, demanded).allowed),
      );
    };
    const facts = await this.#facts.of(repository, artifacts, scan, signed);
    return ({ id }, what) => {
      const known = facts.get(id);
      return known === undefined ? allowed : judgeScan(what, known, scan, this.#clock());
    };
  }
}

function demandsAnything({ contentTrust, scan }: PullPolicy): boolean {
  return contentTrust || scan !== null;
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
    { detail: verdict.obstacles.map(toDetail) },
  );
}

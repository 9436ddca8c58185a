import type { Database, Version } from "../db/index.ts";
import { type Clock, indexTypes, Lru, minute } from "../kernel/index.ts";
import type { RepositoryRef } from "../registry/index.ts";
import type { Lifting, LiftingRules, Report, ReportSummary } from "../scan/index.ts";
import { counts, mayBlock, worstOf } from "./findings.ts";
import { namesOf } from "./image-names.ts";
import type { ScanFacts } from "./scan-obstacles.ts";
import type { ScanPolicy } from "./scan-policy.ts";

/** What the project's scanner has found; images that nobody asked for are left out. */
export interface ScanReports {
  summaries(projectId: number, manifestIds: readonly number[]): Promise<ReadonlyMap<number, ReportSummary>>;
  report(projectId: number, manifestId: number): Promise<Report>;
}

/** What verdicts need of the room `scan`. */
export interface ScanInput {
  readonly reports: ScanReports;
  readonly lifting: Pick<Lifting, "of">;
}

/** Which of a repository's manifests with these digests are signed as the project demands. */
export type Signed = (digests: readonly string[]) => Promise<ReadonlySet<string>>;

interface Manifest {
  readonly id: number;
  readonly digest: string;
}

interface Remembered {
  readonly version: Version;
  /** What they were worked out for. */
  readonly policy: ScanPolicy;
  /** Until when they hold if nothing changes but the time. */
  readonly until: number;
  readonly facts: ScanFacts;
}

/** For how long facts are believed where nothing is written: data ages. */
const longest = minute;
const nothingBlocks: ScanFacts["blocking"] = { total: 0, worst: [], vexUnread: false };

/** Gathers what is known of images. It is asked at every pull, so it is believed until the database has changed. */
export class ScanFactsReader {
  readonly #database: Database;
  readonly #scan: ScanInput;
  readonly #clock: Clock;
  readonly #known = new Lru<number, Remembered>(20_000);
  /** What a manifest is never changes. */
  readonly #isIndex = new Lru<number, boolean>(50_000);

  constructor(database: Database, scan: ScanInput, clock: Clock) {
    this.#database = database;
    this.#scan = scan;
    this.#clock = clock;
  }

  /** By the manifests' ids. Indexes are left out: whatever they name is judged when it is pulled itself. */
  async of(
    repository: RepositoryRef,
    manifests: readonly Manifest[],
    policy: ScanPolicy,
    signed: Signed,
  ): Promise<ReadonlyMap<number, ScanFacts>> {
    const version = await this.#database.version();
    const now = this.#clock();
    const facts = new Map<number, ScanFacts>();
    const unknown: Manifest[] = [];
    for (const manifest of manifests) {
      const known = this.#known.get(manifest.id);
      const holds = known?.version === version && known.policy === policy;
      if (holds && known.until > now) facts.set(manifest.id, known.facts);
      else unknown.push(manifest);
    }
    const images = await this.#withoutIndexes(unknown);
    if (images.length === 0) return facts;
    const ids = images.map(({ id }) => id);
    const summaries = await this.#scan.reports.summaries(repository.projectId, ids);
    for (const image of images) {
      const summary = summaries.get(image.id) ?? null;
      const { until, ...found } = await this.#held(repository, image, summary, policy, signed);
      facts.set(image.id, found);
      const last = Math.min(until ?? Number.POSITIVE_INFINITY, now + longest);
      this.#known.set(image.id, { version, policy, until: last, facts: found });
    }
    return facts;
  }

  async #withoutIndexes(manifests: readonly Manifest[]): Promise<readonly Manifest[]> {
    const unknown = manifests.map(({ id }) => id).filter((id) => this.#isIndex.get(id) === undefined);
    if (unknown.length > 0) {
      const rows = await this.#database.read
        .selectFrom("manifest")
        .select(["id", "media_type"])
        .where("id", "in", unknown)
        .execute();
      for (const { id, media_type } of rows) this.#isIndex.set(id, indexTypes.has(media_type));
    }
    return manifests.filter(({ id }) => this.#isIndex.get(id) !== true);
  }

  /** The report held against the policy and its exceptions. */
  async #held(
    { id: repositoryId, projectId, name }: RepositoryRef,
    image: Manifest,
    summary: ReportSummary | null,
    policy: ScanPolicy,
    signed: Signed,
  ): Promise<ScanFacts & { readonly until: number | null }> {
    if (summary === null || summary.reportedAt === null || !mayBlock(summary, policy)) {
      return { summary, blocking: nothingBlocks, until: null };
    }
    const report = await this.#scan.reports.report(projectId, image.id);
    const serious = report.findings.filter(({ severity }) => counts(severity, policy));
    if (report.reportedAt === null || (serious.length === 0 && mayBlock(report, policy))) {
      // What was counted is gone: nobody can say any more that it was harmless.
      return { summary: null, blocking: nothingBlocks, until: null };
    }
    const own = await namesOf(this.#database, repositoryId, image.digest);
    const names = { projectId, repositoryId, repository: name, ...own };
    const rules = rulesOf(policy, signed);
    const { findings, until, unread } = await this.#scan.lifting.of(names, serious, rules);
    const left = serious.filter((finding) => !findings.has(finding));
    const blocking = { total: left.length, worst: worstOf(left), vexUnread: unread };
    return { summary, blocking, until };
  }
}

function rulesOf({ reuseSystem, cveList, vexTrusted }: ScanPolicy, signed: Signed): LiftingRules {
  const pushers = vexTrusted.filter((one) => one !== "signed");
  const vex = { pushers, signed: vexTrusted.includes("signed") ? signed : null };
  return { reuseSystem, cveList, vex: vexTrusted.length === 0 ? null : vex };
}

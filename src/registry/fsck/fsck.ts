import type { ObjectStore } from "../../blobs/index.ts";
import type { Database } from "../../db/index.ts";
import type { Clock } from "../../kernel/index.ts";
import { blobBytes } from "./blob-bytes.ts";
import { blobFiles } from "./blob-files.ts";
import { blobLinks } from "./blob-links.ts";
import type { Check, Scope, Suspicion } from "./check.ts";
import { expectedLinks } from "./expected-links.ts";
import type { Examined, FsckSummary, Outcome, Severity } from "./finding.ts";
import { linkKey } from "./link.ts";
import { linkFiles } from "./link-files.ts";
import { linkRows } from "./link-rows.ts";
import { manifestContents } from "./manifest-contents.ts";
import { manifestReferences } from "./manifest-references.ts";
import { artifactCounts, manifestStanding } from "./manifest-standing.ts";
import { concurrently } from "./pages.ts";
import { projectLinks } from "./project-links.ts";
import { projectStorage } from "./project-storage.ts";
import { repositoryReferences } from "./repository-references.ts";
import { tagTargets } from "./tag-targets.ts";
import { stagedFiles, uploads } from "./uploads.ts";

/** Each check builds on what those before it have repaired. */
const checks: Readonly<Record<string, Check>> = {
  "blobs and their bytes": blobBytes,
  "manifests' contents": manifestContents,
  "what manifests name": manifestReferences,
  "what tags point to": tagTargets,
  "how manifests stand": manifestStanding,
  "artifacts in repositories": artifactCounts,
  "references in repositories": repositoryReferences,
  "links of blobs": blobLinks,
  "links in projects": projectLinks,
  "storage used by projects": projectStorage,
  "links in the storage": linkRows,
  "files of links": linkFiles,
  "files of blobs": blobFiles,
  uploads: uploads,
  "staged files": stagedFiles,
};

export interface FsckOptions {
  /** Read the bytes of every blob. */
  readonly deep: boolean;
  readonly repair: boolean;
  /** Let a repair delete content that the database does not know and that is older than the grace. */
  readonly discardUnknown: boolean;
  /** Milliseconds for which files that look left over may belong to something under way. */
  readonly grace: number;
  readonly onFinding: (finding: Outcome) => void;
  /** Called often: the check that is under way, and what was looked at in all. */
  readonly onProgress?: (check: string, summary: FsckSummary) => void;
}

/**
 * Checks every promise between database and storage while the registry works. Whatever looks wrong is looked
 * at again while nobody changes anything before it counts or is repaired, one thing at a time: pushes go on meanwhile.
 */
export class Fsck {
  readonly #database: Database;
  readonly #objects: ObjectStore;
  readonly #clock: Clock;

  constructor(database: Database, objects: ObjectStore, clock: Clock) {
    this.#database = database;
    this.#objects = objects;
    this.#clock = clock;
  }

  async run(options: FsckOptions): Promise<FsckSummary> {
    const tally = new Tally();
    const scope: Scope = {
      read: this.#database.read,
      objects: this.#objects,
      settledBefore: this.#clock() - options.grace,
      now: this.#clock,
      deep: options.deep,
      discardUnknown: options.discardUnknown,
      examined: (what, count, bytes) => tally.examine(what, count, bytes),
    };
    for (const [name, check] of Object.entries(checks)) {
      tally.onChange = () => options.onProgress?.(name, tally.summary);
      for await (const suspicion of check(scope)) {
        const outcome = await this.#settle(suspicion, options.repair);
        if (outcome === null) continue;
        tally.find(outcome);
        options.onFinding(outcome);
      }
    }
    return tally.summary;
  }

  /** Writes every link from the database, for a storage that has none yet; answers how many there are. */
  async writeLinks(onProgress: (written: number) => void): Promise<number> {
    let written = 0;
    for await (const page of expectedLinks(this.#database.read)) {
      for await (const _ of concurrently(page, ({ link, digest }) =>
        this.#objects.put(linkKey(link), digest),
      )) {
        onProgress(++written);
      }
    }
    return written;
  }

  /** Null when it was nothing. A repair that fails leaves no trace but the sentence that says why. */
  async #settle(
    suspicion: Suspicion,
    repair: boolean,
    failure: string | null = null,
  ): Promise<Outcome | null> {
    try {
      return await this.#database.alone(async (tx) => {
        const problem = await suspicion(tx);
        if (problem === null) return null;
        const repairable = problem.repair !== null;
        const repaired = repair && problem.repair !== null && (await problem.repair(tx));
        return { ...problem.finding, repairable, repaired, failure };
      });
    } catch (error) {
      if (!repair) throw error;
      return this.#settle(suspicion, false, error instanceof Error ? error.message : String(error));
    }
  }
}

class Tally {
  readonly #examined: Partial<Record<Examined, number>> = {};
  readonly #severities: Record<Severity, number> = { damage: 0, drift: 0, leftover: 0 };
  #bytesRead = 0;
  #bytesConcerned = 0;
  #repaired = 0;
  onChange: () => void = () => {};

  examine(what: Examined, count: number, bytes = 0): void {
    this.#examined[what] = (this.#examined[what] ?? 0) + count;
    this.#bytesRead += bytes;
    this.onChange();
  }

  find(outcome: Outcome): void {
    this.#severities[outcome.severity]++;
    this.#bytesConcerned += outcome.bytes;
    if (outcome.repaired) this.#repaired++;
  }

  get summary(): FsckSummary {
    const { damage, drift, leftover } = this.#severities;
    const found = damage + drift + leftover;
    return {
      examined: { ...this.#examined },
      bytesRead: this.#bytesRead,
      found,
      repaired: this.#repaired,
      left: found - this.#repaired,
      bySeverity: { ...this.#severities },
      bytesConcerned: this.#bytesConcerned,
    };
  }
}

import { batches, type Database, type Reader, type Tx } from "../../db/index.ts";
import { Courtesy, second } from "../../kernel/index.ts";
import type { Finding, Identity } from "../match/finding.ts";
import { matchIdentity } from "../match/match.ts";
import { recount } from "./counts.ts";
import { replaceFindings } from "./findings.ts";
import { type Matched, readMatched, writeMatched } from "./matched.ts";
import { raiseNews } from "./news.ts";
import type { CurrentKnown, ImagesOptions } from "./options.ts";

/** The kind of the job that matches everything again. */
export const rematch = "REMATCH";

export interface RematchReport {
  /** The vulnerability database's. */
  readonly version: string;
  /** Identities that were matched, and how many of them have other findings than before. */
  readonly identities: number;
  readonly changed: number;
  /** Images that were counted anew. */
  readonly images: number;
  /** Images that had been pulled, and of which more is known now. */
  readonly vulnerable: number;
}

/** Identities that are read at once. */
const identitiesAtOnce = 500;
/** Findings that are written in one transaction: nobody else can write during it, and on SQLite do anything. */
const findingsAtOnce = 500;
/** Images that are counted in one transaction. */
const imagesAtOnce = 10;
/** Images of one package that are looked up at once. */
const rowsAtOnce = 5_000;

/**
 * Matches what images hold with the vulnerability database that is there now: each identity once, however many images
 * have it, and no layer is read. It can be broken off at any point and begun again.
 */
export class Rematch {
  readonly #options: ImagesOptions;

  constructor(options: ImagesOptions) {
    this.#options = options;
  }

  /** Whether there is a database that not everything was matched with. */
  async isDue(): Promise<boolean> {
    const known = await this.#options.newest();
    if (known === null) return false;
    const matched = await readMatched(this.#options.database.read);
    return matched?.manifest.version !== known.manifest.version;
  }

  /** Null while there is no database. `onProgress` is called once a second, and may throw, which ends it. */
  async run(onProgress: (report: RematchReport) => Promise<void>): Promise<RematchReport | null> {
    let report: RematchReport | null = null;
    let told = performance.now();
    const progress = async (now: RematchReport) => {
      report = now;
      if (performance.now() - told < second) return;
      await onProgress(now);
      told = performance.now();
    };
    for (;;) {
      const known = await this.#options.newest();
      if (known === null) return report;
      await this.#runWith(known, report, progress);
      if (await this.#settle(known)) return report;
    }
  }

  async #runWith(
    known: CurrentKnown,
    so: RematchReport | null,
    progress: (report: RematchReport) => Promise<void>,
  ): Promise<void> {
    const { database, clock, events } = this.#options;
    const { version } = known.manifest;
    const before = await readMatched(database.read);
    let report = { identities: 0, changed: 0, images: 0, vulnerable: 0, ...so, version };
    await progress(report);
    for await (const { identities, changed } of this.#matchAll(known, () => laterThan(before, clock()))) {
      report = { ...report, identities: report.identities + identities, changed: report.changed + changed };
      await progress(report);
    }
    // What an earlier run that was broken off has matched is among them.
    const images = await this.#imagesChangedSince(before?.at ?? 0);
    for (const ids of batches(images, imagesAtOnce)) {
      const vulnerable = await database.write(async (tx) => {
        // Before the first database nobody could have known better.
        const raised = before === null ? 0 : await raiseNews(tx, events, ids);
        await recount(tx, ids, clock());
        return raised;
      });
      report = { ...report, images: report.images + ids.length, vulnerable: report.vulnerable + vulnerable };
      await progress(report);
      await new Courtesy().pause();
    }
  }

  /** Says that everything was matched with that database; false when something has come meanwhile that was not. */
  #settle({ manifest }: CurrentKnown): Promise<boolean> {
    const { database, clock } = this.#options;
    return database.write(async (tx) => {
      const [open] = await otherIdentities(tx, manifest.version, 0).select("id").limit(1).execute();
      if (open !== undefined) return false;
      await writeMatched(tx, { manifest, at: Math.max(clock(), (await readMatched(tx))?.at ?? 0) });
      return true;
    });
  }

  async *#matchAll(
    known: CurrentKnown,
    now: () => number,
  ): AsyncIterable<{ identities: number; changed: number }> {
    const { database } = this.#options;
    const { version } = known.manifest;
    const courtesy = new Courtesy();
    for (let after = 0; ; ) {
      const identities = await nextIdentities(database, version, after);
      const last = identities.at(-1);
      if (last === undefined) return;
      after = last.id;
      let matched = new Map<number, readonly Finding[]>();
      let findings = 0;
      for (const identity of identities) {
        const found = matchIdentity(known, identity);
        matched.set(identity.id, found);
        findings += found.length;
        if (courtesy.due) await courtesy.pause();
        if (findings < findingsAtOnce && identity !== last) continue;
        const batch = matched;
        const changed = await database.write((tx) => replaceFindings(tx, batch, version, now()));
        await courtesy.pause();
        yield { identities: batch.size, changed: changed.size };
        matched = new Map();
        findings = 0;
      }
    }
  }

  async #imagesChangedSince(time: number): Promise<readonly number[]> {
    const { read } = this.#options.database;
    const images = new Set<number>();
    const courtesy = new Courtesy();
    const changed = await read
      .selectFrom("package_identity")
      .select("id")
      .where("changed_at", ">", time)
      .execute();
    for (const { id } of changed) {
      for (let after = -1; ; ) {
        const rows = await read
          .selectFrom("image_package")
          .select("manifest_id")
          .where("package_id", "=", id)
          .where("manifest_id", ">", after)
          .orderBy("manifest_id")
          .limit(rowsAtOnce)
          .execute();
        for (const { manifest_id } of rows) images.add(manifest_id);
        after = rows.at(-1)?.manifest_id ?? after;
        if (courtesy.due) await courtesy.pause();
        if (rows.length < rowsAtOnce) break;
      }
    }
    return [...images];
  }
}

/**
 * What has changed since everything was matched is told by times, which machines do not agree upon, and which are set
 * back: what comes after the one before is later all the same.
 */
function laterThan(before: Matched | null, now: number): number {
  return Math.max(now, (before?.at ?? 0) + 1);
}

/** In the order of their ids. */
function nextIdentities(
  { read }: Pick<Database, "read">,
  version: string,
  after: number,
): Promise<readonly (Identity & { readonly id: number })[]> {
  return otherIdentities(read, version, after)
    .select(["id", "ecosystem", "name", "version", "module", "origin"])
    .orderBy("id")
    .limit(identitiesAtOnce)
    .execute();
}

/** Those that were matched with another database, or none. */
function otherIdentities(on: Reader | Tx, version: string, after: number) {
  return on
    .selectFrom("package_identity")
    .where("id", ">", after)
    .where((of) => of.or([of("vulndb", "is", null), of("vulndb", "!=", version)]));
}

import { constants, Database, type Statement as Query } from "bun:sqlite";
import { pathToFileURL } from "node:url";
import { BreakwaterError } from "../../kernel/index.ts";
import type { Enrichment, Known, Statement } from "../match/known.ts";
import type { VersionScheme } from "../versions/index.ts";
import type { Advisory, Affected, DatabaseManifest } from "./advisory.ts";
import { advisoryName, schemeOf } from "./ecosystems/ecosystems.ts";
import type { Assessment } from "./formats/index.ts";
import { isManifest } from "./manifest-schema.ts";
import { type AffectedRow, type Detail, unpackList, unpackRanges } from "./rows.ts";
import { applicationId, schemaVersion } from "./schema.ts";
import { flawOf } from "./seal.ts";

/** Everything that is known of one vulnerability, by whatever name it is asked for. */
export interface KnownVulnerability {
  /** Those that have it as their own id or among their names, of all feeds. */
  readonly advisories: readonly (Advisory & { readonly feed: string })[];
  readonly enrichment: Enrichment | null;
  readonly assessment: Omit<Assessment, "cve"> | null;
}

const rowColumns = `
  a.advisory, v.feed, v.name as id, v.aliases,
  a.module, a.status, a.severity, a.ranges, a.versions
`;

/**
 * A parameter. One that stands by itself may have SQLite plan the query anew each time it is bound, which takes several
 * times as long as the query.
 */
const bound = "(select ?)";

/** A compiled database, which never changes: a newer one is another file. */
export class VulnerabilityDatabase implements Known, Disposable {
  readonly manifest: DatabaseManifest;
  readonly #database: Database;
  readonly #ecosystems: ReadonlyMap<string, Readonly<{ id: number; scheme: VersionScheme }>>;
  readonly #feeds: ReadonlyMap<number, string>;
  /** Since when, by CVE: a thousand or two, and asked for with each finding. */
  readonly #exploited: ReadonlyMap<string, number>;
  readonly #queries: {
    readonly affected: Query<AffectedRow, [number, string]>;
    readonly advisory: Query<AdvisoryRow, [number]>;
    readonly ofAdvisory: Query<AffectedRow & { ecosystem: string; name: string }, [number, number, number]>;
    readonly named: Query<{ advisory: number }, [string]>;
    readonly epss: Query<{ probability: number; percentile: number }, [string]>;
    readonly assessment: Query<{ body: string }, [string]>;
  };

  private constructor(database: Database) {
    this.#database = database;
    const all = <R>(sql: string) => database.query<R, []>(sql).all();
    const [manifest] = all<{ body: string }>("select body from manifest");
    const said: unknown = JSON.parse(manifest?.body ?? "null");
    if (!isManifest(said)) throw new Error("Its manifest is none.");
    this.manifest = said;
    this.#feeds = new Map(
      all<{ id: number; name: string }>("select id, name from feed").map((f) => [f.id, f.name]),
    );
    const exploited = all<{ cve: string; since: number }>(
      "select cve, min(since) as since from exploited group by cve",
    );
    this.#exploited = new Map(exploited.map(({ cve, since }) => [cve, since]));
    const ecosystems = all<{ id: number; name: string }>("select id, name from ecosystem");
    this.#ecosystems = new Map(
      ecosystems.flatMap(({ id, name }) => {
        const scheme = schemeOf(name);
        return scheme === null ? [] : [[name, { id, scheme }] as const];
      }),
    );
    this.#queries = {
      affected: database.prepare(
        `select ${rowColumns} from affected a join advisory v on v.id = a.advisory
         where a.ecosystem = ${bound} and a.name = ${bound}`,
      ),
      advisory: database.prepare(
        `select v.feed, v.name as id, v.aliases, v.severity, v.first_affected, v.last_affected, d.body
         from advisory v join detail d on d.advisory = v.id where v.id = ${bound}`,
      ),
      ofAdvisory: database.prepare(
        `select ${rowColumns}, e.name as ecosystem, a.name from affected a join advisory v on v.id = a.advisory
         join ecosystem e on e.id = a.ecosystem where a.id between ? and ? and a.advisory = ?`,
      ),
      named: database.prepare("select advisory from known_name where name = ?"),
      epss: database.prepare(
        `select probability, percentile from epss where cve = ${bound} order by feed limit 1`,
      ),
      assessment: database.prepare(`select body from assessment where cve = ${bound} order by feed limit 1`),
    };
  }

  /**
   * Opens the file at `path`, after its checksum. Throws FEED_INVALID for one that is none of ours, damaged or cut off,
   * and for one of another version of the program.
   */
  static async open(path: string): Promise<VulnerabilityDatabase> {
    const flaw = await flawOf(path).catch((error: Error) => `cannot be read (${error.message})`);
    if (flaw !== null) throw refusal(path, `${flaw}. Get the feeds anew with breakwater feeds update.`);
    const { SQLITE_OPEN_READONLY, SQLITE_OPEN_URI } = constants;
    const database = new Database(
      `${pathToFileURL(path).href}?immutable=1`,
      SQLITE_OPEN_READONLY | SQLITE_OPEN_URI,
    );
    try {
      if (numberIn(database, "application_id") !== applicationId)
        throw refusal(path, "is no vulnerability database.");
      const version = numberIn(database, "user_version");
      if (version !== schemaVersion)
        throw refusal(
          path,
          `has the format ${version}; this program reads format ${schemaVersion}. Build it anew with breakwater feeds update.`,
        );
      return new VulnerabilityDatabase(database);
    } catch (error) {
      database.close();
      throw error instanceof BreakwaterError ? error : refusal(path, "cannot be read.", error);
    }
  }

  statementsOn(ecosystem: string, name: string): readonly Statement[] {
    const known = this.#ecosystems.get(ecosystem);
    if (known === undefined) return [];
    const asked = advisoryName(ecosystem, name);
    return this.#queries.affected
      .all(known.id, asked)
      .map((row) => this.#statement(row, ecosystem, asked, known.scheme));
  }

  enrichmentOf(cve: string): Enrichment | null {
    const exploitedSince = this.#exploited.get(cve) ?? null;
    const epss = this.#queries.epss.get(cve);
    const assessment = this.#queries.assessment.get(cve);
    if (exploitedSince === null && epss === null && assessment === null) return null;
    return {
      exploitedSince,
      epss: epss === null ? null : { probability: epss.probability, percentile: epss.percentile },
      cvss: assessment === null ? [] : (JSON.parse(assessment.body) as Omit<Assessment, "cve">).cvss,
    };
  }

  /** Null when no feed knows it. */
  vulnerability(id: string): KnownVulnerability | null {
    const advisories = this.#queries.named.all(id).map(({ advisory }) => this.#advisory(advisory));
    const enrichment = this.enrichmentOf(id);
    const body = this.#queries.assessment.get(id)?.body;
    if (advisories.length === 0 && enrichment === null) return null;
    return { advisories, enrichment, assessment: body === undefined ? null : JSON.parse(body) };
  }

  close(): void {
    for (const query of Object.values(this.#queries)) query.finalize();
    this.#database.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #statement(row: AffectedRow, ecosystem: string, name: string, scheme: VersionScheme): Statement {
    return {
      feed: this.#feeds.get(row.feed) ?? "",
      id: row.id,
      aliases: unpackList(row.aliases),
      affected: affectedOf(row, ecosystem, name, scheme),
      advisory: () => this.#advisory(row.advisory),
    };
  }

  #advisory(key: number): Advisory & { readonly feed: string } {
    const row = this.#queries.advisory.get(key);
    if (row === null) throw new Error(`The vulnerability database has no advisory ${key}.`);
    const { id, severity, first_affected, last_affected } = row;
    const affected = () =>
      this.#queries.ofAdvisory.all(first_affected, last_affected, key).flatMap((one) => {
        const scheme = schemeOf(one.ecosystem);
        return scheme === null ? [] : [affectedOf(one, one.ecosystem, one.name, scheme)];
      });
    return {
      ...{ id, severity, feed: this.#feeds.get(row.feed) ?? "", aliases: unpackList(row.aliases) },
      ...(JSON.parse(row.body) as Detail),
      // There may be thousands, and few ask.
      get affected() {
        return affected();
      },
    };
  }
}

interface AdvisoryRow {
  readonly feed: number;
  readonly id: string;
  readonly aliases: string | null;
  readonly severity: Advisory["severity"];
  readonly first_affected: number;
  readonly last_affected: number;
  readonly body: string;
}

function affectedOf(row: AffectedRow, ecosystem: string, name: string, scheme: VersionScheme): Affected {
  const { module, status, severity } = row;
  const ranges = unpackRanges(row.ranges);
  return { ecosystem, name, module, scheme, ranges, versions: unpackList(row.versions), status, severity };
}

function numberIn(database: Database, pragma: string): number {
  return Number(database.query(`pragma ${pragma}`).values()[0]?.[0]);
}

function refusal(path: string, what: string, cause?: unknown): BreakwaterError {
  return new BreakwaterError("FEED_INVALID", `The vulnerability database ${path} ${what}`, { cause });
}

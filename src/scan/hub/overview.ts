import { sql } from "kysely";
import type { Reader } from "../../db/index.ts";
import { rankOf, type Severity, severities } from "../severity.ts";
import type { HubFilter } from "./filter.ts";
import { fewImagesOf } from "./search.ts";
import type { Place, Source } from "./sources.ts";

/** What is known of all images together. */
export interface HubSummary {
  /** Findings of all images, by severity. */
  readonly counts: Readonly<Record<Severity, number>>;
  readonly fixable: number;
  /** Images that were scanned, of so many artifacts. */
  readonly scanned: number;
  readonly artifacts: number;
}

export interface DangerousVulnerability {
  readonly id: string;
  readonly severity: Severity;
  /** CVSS; null without one. */
  readonly score: number | null;
  /** One of the packages that have it. */
  readonly place: Place;
}

export interface DangerousImage {
  readonly projectId: number;
  readonly repository: string;
  readonly digest: string;
  readonly critical: number;
  readonly high: number;
  readonly medium: number;
}

/** As many as Harbor shows. */
const shown = 5;
/** Findings that are looked through for the vulnerabilities that they are of. */
const page = 50;
const maxPages = 40;

const everything: HubFilter = {
  ...{ cve: null, severity: null, score: null, package: null },
  ...{ projectId: null, repository: null, digest: null, tag: null },
};

export async function summarise(reader: Reader, sources: readonly Source[]): Promise<HubSummary> {
  const sums = severities.map(
    (severity) => sql`coalesce(sum(s.${sql.ref(severity.toLowerCase())}), 0) as ${sql.ref(severity)}`,
  );
  const counts = Object.fromEntries(severities.map((severity) => [severity, 0])) as Record<Severity, number>;
  let [fixable, scanned] = [0, 0];
  for (const source of sources) {
    const { rows } = await sql<Record<Severity | "fixable" | "scanned", number | string>>`
      select ${sql.join(sums)}, coalesce(sum(s.fixable), 0) as fixable, count(*) as scanned
      from ${source.images} ${source.projects === null ? sql`` : withRepositories}
      where ${scannedBy(source)}`.execute(reader);
    for (const severity of severities) counts[severity] += Number(rows[0]?.[severity] ?? 0);
    fixable += Number(rows[0]?.fixable ?? 0);
    scanned += Number(rows[0]?.scanned ?? 0);
  }
  const { count } = await reader
    .selectFrom("manifest")
    .select((of) => of.fn.countAll().as("count"))
    .executeTakeFirstOrThrow();
  return { counts, fixable, scanned, artifacts: Number(count) };
}

const withRepositories = sql`join manifest m on m.id = s.manifest_id join repository r on r.id = m.repository_id`;

function scannedBy({ itsImages, projects }: Source) {
  return projects === null ? itsImages : sql`${itsImages} and ${projects}`;
}

/** The worst vulnerabilities that some image has. */
export async function worstVulnerabilities(
  reader: Reader,
  sources: readonly Source[],
): Promise<readonly DangerousVulnerability[]> {
  const found = new Map<string, DangerousVulnerability>();
  const all = (await Promise.all(sources.map((source) => worstOf(reader, source)))).flat();
  for (const one of all.sort(byWorst)) if (!found.has(one.id)) found.set(one.id, one);
  return [...found.values()].slice(0, shown);
}

function byWorst(a: DangerousVulnerability, b: DangerousVulnerability): number {
  return (
    rankOf(b.severity) - rankOf(a.severity) || (b.score ?? -1) - (a.score ?? -1) || (a.id < b.id ? -1 : 1)
  );
}

async function worstOf(reader: Reader, source: Source): Promise<readonly DangerousVulnerability[]> {
  const images = await fewImagesOf(reader, source, everything);
  if (images?.length === 0) return [];
  const { findings, packages, finding, place, links, linked, itsFindings, projects } = source;
  const joined =
    projects === null
      ? sql``
      : sql`join manifest m on m.id = i.manifest_id join repository r on r.id = m.repository_id`;
  const isInImage =
    images === null
      ? sql`exists (select 1 from ${links} ${joined} where ${linked} = ${finding} and ${projects ?? sql`1 = 1`})`
      : sql`${finding} in (select ${linked} from ${links} where i.manifest_id in (${sql.join(images)}))`;
  const found = new Map<string, DangerousVulnerability>();
  for (let offset = 0; found.size < shown && offset < page * maxPages; offset += page) {
    const { rows } = await sql<Place & { vulnerability: string; severity: number; score: number | null }>`
      select f.vulnerability, f.severity, f.score, ${place}
      from ${findings} ${packages}
      where ${itsFindings} and ${isInImage}
      order by f.severity desc, f.score desc nulls last, f.vulnerability, ${finding}
      limit ${page} offset ${offset}`.execute(reader);
    for (const { vulnerability: id, severity, score, ...place } of rows) {
      if (found.has(id) || found.size === shown) continue;
      const grade = {
        severity: severities[severity] ?? "Unknown",
        score: score === null ? null : score / 10,
      };
      found.set(id, { id, ...grade, place });
    }
    if (rows.length < page) break;
  }
  return [...found.values()];
}

export async function worstImages(
  reader: Reader,
  sources: readonly Source[],
): Promise<readonly DangerousImage[]> {
  const found: (DangerousImage & { readonly low: number })[] = [];
  for (const source of sources) {
    const { rows } = await sql<DangerousImage & { readonly low: number }>`
      select r.project_id as ${sql.ref("projectId")}, r.name as repository, m.digest, s.critical, s.high, s.medium, s.low
      from ${source.images} ${withRepositories}
      where ${scannedBy(source)} and s.critical + s.high + s.medium + s.low > 0
      order by s.critical desc, s.high desc, s.medium desc, s.low desc, s.manifest_id
      limit ${shown}`.execute(reader);
    found.push(...rows);
  }
  const grades = ["critical", "high", "medium", "low"] as const;
  found.sort((a, b) => grades.map((grade) => b[grade] - a[grade]).find((less) => less !== 0) ?? 0);
  return found.slice(0, shown).map(({ low: _, ...image }) => image);
}

import { sql } from "kysely";
import type { Reader } from "../../db/index.ts";
import type { Identity } from "../match/finding.ts";
import { type Severity, severities } from "../severity.ts";

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
  readonly identity: Identity;
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

export async function summarise(reader: Reader): Promise<HubSummary> {
  const sums = severities.map(
    (severity) => sql`coalesce(sum(${sql.ref(severity.toLowerCase())}), 0) as ${sql.ref(severity)}`,
  );
  const { rows } = await sql<Record<Severity | "fixable" | "scanned", number | string>>`
    select ${sql.join(sums)}, coalesce(sum(fixable), 0) as fixable, count(counted_at) as scanned
    from image_scan`.execute(reader);
  const [row] = rows;
  const { count } = await reader
    .selectFrom("manifest")
    .select((of) => of.fn.countAll().as("count"))
    .executeTakeFirstOrThrow();
  const counts = Object.fromEntries(severities.map((severity) => [severity, Number(row?.[severity] ?? 0)]));
  return {
    counts: counts as Record<Severity, number>,
    fixable: Number(row?.fixable ?? 0),
    scanned: Number(row?.scanned ?? 0),
    artifacts: Number(count),
  };
}

/** The worst vulnerabilities that some image has. */
export async function worstVulnerabilities(reader: Reader): Promise<readonly DangerousVulnerability[]> {
  const found = new Map<string, DangerousVulnerability>();
  for (let offset = 0; found.size < shown && offset < page * maxPages; offset += page) {
    const { rows } = await sql<Identity & { vulnerability: string; severity: number; score: number | null }>`
      select f.vulnerability, f.severity, f.score, p.ecosystem, p.name, p.version, p.module
      from package_finding f join package_identity p on p.id = f.package_id
      where exists (select 1 from image_package i where i.package_id = f.package_id)
      order by f.severity desc, f.score desc nulls last, f.vulnerability, f.package_id
      limit ${page} offset ${offset}`.execute(reader);
    for (const { vulnerability: id, severity, score, ...identity } of rows) {
      if (found.has(id) || found.size === shown) continue;
      const grade = {
        severity: severities[severity] ?? "Unknown",
        score: score === null ? null : score / 10,
      };
      found.set(id, { id, ...grade, identity });
    }
    if (rows.length < page) break;
  }
  return [...found.values()];
}

export async function worstImages(reader: Reader): Promise<readonly DangerousImage[]> {
  return reader
    .selectFrom("image_scan")
    .innerJoin("manifest", "manifest.id", "image_scan.manifest_id")
    .innerJoin("repository", "repository.id", "manifest.repository_id")
    .select([
      "repository.project_id as projectId",
      "repository.name as repository",
      "manifest.digest",
      "critical",
      "high",
      "medium",
    ])
    .where(sql<boolean>`critical + high + medium + low > 0`)
    .orderBy("critical", "desc")
    .orderBy("high", "desc")
    .orderBy("medium", "desc")
    .orderBy("low", "desc")
    .orderBy("image_scan.manifest_id")
    .limit(shown)
    .execute();
}

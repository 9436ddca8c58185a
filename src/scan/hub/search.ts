import { type RawBuilder, type SqlBool, sql } from "kysely";
import type { Reader } from "../../db/index.ts";
import { rankOf } from "../severity.ts";
import type { HubFilter } from "./filter.ts";

/** One vulnerability of one package in one image. */
export interface HubRow {
  readonly vulnerability: string;
  readonly severity: number;
  readonly score: number | null;
  readonly fixed_version: string | null;
  readonly package_id: number;
  readonly ecosystem: string;
  readonly name: string;
  readonly version: string;
  readonly module: string;
  readonly manifest_id: number;
  readonly digest: string;
  readonly repository: string;
  readonly project_id: number;
}

/** Up to so many images are looked through one by one; among more, the worst findings are looked through in order. */
const fewImages = 500;

/** A part of what a search finds, the worst first. It takes no more time in a large registry than in a small one. */
export async function search(
  reader: Reader,
  filter: HubFilter,
  limit: number,
  offset: number,
): Promise<readonly HubRow[]> {
  const images = await fewImagesOf(reader, filter);
  if (images?.length === 0) return [];
  // Where the images decide, no index has the order: the addition keeps SQLite from taking one for its sake.
  const severity = images === null ? sql`f.severity` : sql`f.severity + 0`;
  const { rows } = await sql<HubRow>`
    select f.vulnerability, f.severity, f.score, f.fixed_version, f.package_id, p.ecosystem, p.name, p.version, p.module,
      i.manifest_id, m.digest, r.name as repository, r.project_id
    from package_finding f
      join image_package i on i.package_id = f.package_id
      join package_identity p on p.id = f.package_id
      join manifest m on m.id = i.manifest_id
      join repository r on r.id = m.repository_id
    where ${conditions(filter, images)}
    order by ${severity} desc, f.score desc nulls last, f.vulnerability, f.package_id, i.manifest_id
    limit ${limit} offset ${offset}`.execute(reader);
  return rows;
}

/** How many a search finds; null where they are more than `most`. */
export async function count(reader: Reader, filter: HubFilter, most: number | null): Promise<number | null> {
  const images = await fewImagesOf(reader, filter);
  if (images?.length === 0) return 0;
  const limit = most === null ? sql`` : sql`limit ${most + 1}`;
  const imagesJoined =
    images === null && namesImages(filter)
      ? sql`join manifest m on m.id = i.manifest_id join repository r on r.id = m.repository_id`
      : sql``;
  const { rows } = await sql<{ count: number | string }>`
    select count(*) as count from (
      select 1 as one from package_finding f join image_package i on i.package_id = f.package_id ${imagesJoined}
      where ${conditions(filter, images)} ${limit}
    ) as found`.execute(reader);
  const found = Number(rows[0]?.count ?? 0);
  return most !== null && found > most ? null : found;
}

function conditions(filter: HubFilter, images: readonly number[] | null): RawBuilder<SqlBool> {
  const all: RawBuilder<SqlBool>[] = [sql`1 = 1`];
  if (filter.cve !== null) all.push(sql`f.vulnerability = ${filter.cve}`);
  if (filter.severity !== null) all.push(sql`f.severity = ${rankOf(filter.severity)}`);
  if (filter.score !== null) all.push(sql`f.score between ${filter.score.min} and ${filter.score.max}`);
  if (filter.package !== null) {
    all.push(sql`f.package_id in (select id from package_identity where name = ${filter.package})`);
  }
  if (images === null) all.push(...imageConditions(filter));
  else all.push(sql`i.manifest_id in (${sql.join(images)})`);
  return sql<SqlBool>`(${sql.join(all, sql` and `)})`;
}

function imageConditions({ projectId, repository, digest, tag }: HubFilter): readonly RawBuilder<SqlBool>[] {
  const all: RawBuilder<SqlBool>[] = [];
  if (projectId !== null) all.push(sql`r.project_id = ${projectId}`);
  if (repository !== null) all.push(sql`r.name = ${repository}`);
  if (digest !== null) all.push(sql`m.blob_id in (select id from blob where digest = ${digest})`);
  if (tag !== null) all.push(sql`m.id in (select manifest_id from tag where name = ${tag})`);
  return all;
}

function namesImages(filter: HubFilter): boolean {
  return imageConditions(filter).length > 0;
}

/** The images that the filter leaves, where those are few; null where they are many, or it names none. */
async function fewImagesOf(reader: Reader, filter: HubFilter): Promise<readonly number[] | null> {
  if (!namesImages(filter)) return null;
  const { rows } = await sql<{ id: number }>`
    select m.id from image_scan s
      join manifest m on m.id = s.manifest_id
      join repository r on r.id = m.repository_id
    where ${sql.join(imageConditions(filter), sql` and `)}
    limit ${fewImages + 1}`.execute(reader);
  return rows.length > fewImages ? null : rows.map(({ id }) => id);
}

import { type RawBuilder, type SqlBool, sql } from "kysely";
import type { Reader } from "../../db/index.ts";
import { rankOf } from "../severity.ts";
import type { HubFilter } from "./filter.ts";
import type { Place, Source } from "./sources.ts";

/** One vulnerability of one package in one image. */
export interface HubRow extends Place {
  readonly vulnerability: string;
  readonly severity: number;
  readonly score: number | null;
  readonly fixed_version: string | null;
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
  sources: readonly Source[],
  filter: HubFilter,
  limit: number,
  offset: number,
): Promise<readonly HubRow[]> {
  const parts: RawBuilder<HubRow>[] = [];
  const page =
    sources.length === 1 ? sql`limit ${limit} offset ${offset}` : sql`limit ${limit + offset} offset 0`;
  for (const [index, source] of sources.entries()) {
    const images = await fewImagesOf(reader, source, filter);
    if (images?.length !== 0) parts.push(partOf(source, index, filter, images, page));
  }
  const [first, ...more] = parts;
  if (first === undefined) return [];
  if (sources.length === 1) return (await first.execute(reader)).rows;
  const all = [first, ...more].map(
    (part, index) => sql`select * from (${part}) as ${sql.ref(`part${index}`)}`,
  );
  const { rows } = await sql<HubRow>`
    select * from (${sql.join(all, sql` union all `)}) as found
    order by severity desc, score desc nulls last, vulnerability, source, finding, manifest_id
    limit ${limit} offset ${offset}`.execute(reader);
  return rows;
}

/** What one scanner contributes. */
function partOf(
  source: Source,
  index: number,
  filter: HubFilter,
  images: readonly number[] | null,
  page: RawBuilder<unknown>,
): RawBuilder<HubRow> {
  // Where the images decide, no index has the order: the addition keeps SQLite from taking one for its sake.
  const severity = images === null ? sql`f.severity` : sql`f.severity + 0`;
  return sql<HubRow>`
    select f.vulnerability, f.severity, f.score, f.fixed_version, ${source.place}, i.manifest_id, m.digest,
      r.name as repository, r.project_id, ${sql.lit(index)} as source, ${source.finding} as finding
    from ${source.findings}
      join ${source.links} on ${source.linked} = ${source.finding}
      ${source.packages}
      join manifest m on m.id = i.manifest_id
      join repository r on r.id = m.repository_id
    where ${conditions(source, filter, images)}
    order by ${severity} desc, f.score desc nulls last, f.vulnerability, ${source.finding}, i.manifest_id
    ${page}`;
}

/** How many a search finds; null where they are more than `most`. */
export async function count(
  reader: Reader,
  sources: readonly Source[],
  filter: HubFilter,
  most: number | null,
): Promise<number | null> {
  const limit = most === null ? sql`` : sql`limit ${most + 1}`;
  let total = 0;
  for (const source of sources) {
    const images = await fewImagesOf(reader, source, filter);
    if (images?.length === 0) continue;
    const imagesJoined =
      images === null && imageConditions(source, filter).length > 0
        ? sql`join manifest m on m.id = i.manifest_id join repository r on r.id = m.repository_id`
        : sql``;
    const { rows } = await sql<{ count: number | string }>`
      select count(*) as count from (
        select 1 as one from ${source.findings}
          join ${source.links} on ${source.linked} = ${source.finding} ${imagesJoined}
        where ${conditions(source, filter, images)} ${limit}
      ) as found`.execute(reader);
    total += Number(rows[0]?.count ?? 0);
    if (most !== null && total > most) return null;
  }
  return total;
}

function conditions(
  source: Source,
  filter: HubFilter,
  images: readonly number[] | null,
): RawBuilder<SqlBool> {
  const all: RawBuilder<SqlBool>[] = [source.itsFindings];
  if (filter.cve !== null) all.push(sql`f.vulnerability = ${filter.cve}`);
  if (filter.severity !== null) all.push(sql`f.severity = ${rankOf(filter.severity)}`);
  if (filter.score !== null) all.push(sql`f.score between ${filter.score.min} and ${filter.score.max}`);
  if (filter.package !== null) all.push(source.inPackage(filter.package));
  if (images === null) all.push(...imageConditions(source, filter));
  else all.push(sql`i.manifest_id in (${sql.join(images)})`);
  return sql<SqlBool>`(${sql.join(all, sql` and `)})`;
}

function imageConditions(
  { projects }: Source,
  { projectId, repository, digest, tag }: HubFilter,
): readonly RawBuilder<SqlBool>[] {
  const all: RawBuilder<SqlBool>[] = projects === null ? [] : [projects];
  if (projectId !== null) all.push(sql`r.project_id = ${projectId}`);
  if (repository !== null) all.push(sql`r.name = ${repository}`);
  if (digest !== null) all.push(sql`m.blob_id in (select id from blob where digest = ${digest})`);
  if (tag !== null) all.push(sql`m.id in (select manifest_id from tag where name = ${tag})`);
  return all;
}

/** The images that the filter leaves, where those are few; null where they are many, or all. */
export async function fewImagesOf(
  reader: Reader,
  source: Source,
  filter: HubFilter,
): Promise<readonly number[] | null> {
  const narrowing = imageConditions(source, filter);
  if (narrowing.length === 0) return null;
  const { rows } = await sql<{ id: number }>`
    select m.id from ${source.images}
      join manifest m on m.id = s.manifest_id
      join repository r on r.id = m.repository_id
    where ${sql.join([source.itsImages, ...narrowing], sql` and `)}
    limit ${fewImages + 1}`.execute(reader);
  return rows.length > fewImages ? null : rows.map(({ id }) => id);
}

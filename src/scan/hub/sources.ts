import { type RawBuilder, type SqlBool, sql } from "kysely";
import type { Reader } from "../../db/index.ts";
import { builtIn } from "../scanners/registration.ts";

/**
 * Where the hub reads what one scanner has found, of the images in whose projects it is the scanner. In its SQL
 * findings are `f`, what joins them to images is `i`, scanned images with their counts are `s`, repositories `r`.
 */
export interface Source {
  readonly findings: RawBuilder<unknown>;
  /** What it takes besides to tell of the package. */
  readonly packages: RawBuilder<unknown>;
  readonly finding: RawBuilder<unknown>;
  /** The columns of `Place`. */
  readonly place: RawBuilder<unknown>;
  readonly links: RawBuilder<unknown>;
  /** What of `i` is the finding. */
  readonly linked: RawBuilder<unknown>;
  readonly images: RawBuilder<unknown>;
  /** Which of `f`, and which of `s`, are the scanner's. */
  readonly itsFindings: RawBuilder<SqlBool>;
  readonly itsImages: RawBuilder<SqlBool>;
  readonly inPackage: (name: string) => RawBuilder<SqlBool>;
  /** Which of `r` are its projects'; null where all are. */
  readonly projects: RawBuilder<SqlBool> | null;
}

/** In which package something was found, and what was said of it. */
export interface Place {
  readonly name: string;
  readonly version: string;
  /** The package's identity, by which the vulnerability database tells more; null of a scanner that has said it itself. */
  readonly identity: number | null;
  readonly description: string | null;
  /** JSON. */
  readonly links: string | null;
}

/** The scanners that projects have, the default one first. */
export async function sourcesOf(reader: Reader): Promise<readonly Source[]> {
  const registered = await reader.selectFrom("scanner_registration").select(["uuid", "is_default"]).execute();
  if (registered.length === 0) return [sourceOf(builtIn.uuid, null)];
  const usual = registered.find(({ is_default }) => is_default === 1)?.uuid ?? builtIn.uuid;
  const rows = await reader
    .selectFrom("project_scanner")
    .select("scanner")
    .distinct()
    .where("scanner", "in", [builtIn.uuid, ...registered.map(({ uuid }) => uuid)])
    .where("scanner", "!=", usual)
    .orderBy("scanner")
    .execute();
  if (rows.length === 0) return [sourceOf(usual, null)];
  const others = rows.map(({ scanner }) => scanner);
  const choice = (scanners: readonly string[]) =>
    sql`(select project_id from project_scanner where scanner in (${sql.join(scanners)}))`;
  return [
    sourceOf(usual, sql<SqlBool>`r.project_id not in ${choice(others)}`),
    ...others.map((scanner) => sourceOf(scanner, sql<SqlBool>`r.project_id in ${choice([scanner])}`)),
  ];
}

function sourceOf(scanner: string, projects: Source["projects"]): Source {
  return scanner === builtIn.uuid ? { ...own, projects } : { ...foreign(scanner), projects };
}

const own: Omit<Source, "projects"> = {
  findings: sql`package_finding f`,
  packages: sql`join package_identity p on p.id = f.package_id`,
  finding: sql`f.package_id`,
  place: sql`p.name, p.version, p.id as identity, null as description, null as links`,
  links: sql`image_package i`,
  linked: sql`i.package_id`,
  images: sql`image_scan s`,
  itsFindings: sql<SqlBool>`1 = 1`,
  itsImages: sql<SqlBool>`s.counted_at is not null`,
  inPackage: (name) => sql<SqlBool>`f.package_id in (select id from package_identity where name = ${name})`,
};

function foreign(scanner: string): Omit<Source, "projects"> {
  return {
    findings: sql`scanner_finding f`,
    packages: sql``,
    finding: sql`f.id`,
    place: sql`f.package as name, f.version, cast(null as integer) as identity, f.description, f.links`,
    links: sql`scanner_image_finding i`,
    linked: sql`i.finding_id`,
    images: sql`scanner_report s`,
    itsFindings: sql<SqlBool>`f.scanner = ${scanner}`,
    itsImages: sql<SqlBool>`s.scanner = ${scanner} and s.kind = 'vulnerability'`,
    inPackage: (name) => sql<SqlBool>`f.package = ${name}`,
  };
}

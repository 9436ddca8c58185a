import { sql } from "kysely";
import {
  type Columns,
  type ListQuery,
  matching,
  ordering,
  type Page,
  type Reader,
  type ScannerRegistrationTable,
  type Tx,
} from "../../db/index.ts";
import { builtIn, type Registration } from "./registration.ts";

type Row = Omit<ScannerRegistrationTable, "credential">;

/** Harbor's names for what scanners can be filtered and sorted by. */
const columns: Columns = {
  uuid: { column: "uuid", type: "text" },
  name: { column: "name", type: "text" },
  description: { column: "description", type: "text" },
  url: { column: "url", type: "text" },
  disabled: { column: "disabled", type: "flag" },
  is_default: { column: "is_default", type: "flag" },
  create_time: { column: "created_at", type: "time" },
  update_time: { column: "updated_at", type: "time" },
};

/** The built-in scanner beside those that are registered. It is the default while no other is. */
const everyScanner = sql<Row>`(
  select uuid, name, description, url, auth, skip_cert_verify, use_internal_addr, disabled, is_default, created_at,
    updated_at
  from scanner_registration
  union all
  select cast(${builtIn.uuid} as text), cast(${builtIn.name} as text), cast(${builtIn.description} as text), '', '', 0,
    0, 0, case when exists (select 1 from scanner_registration where is_default = 1) then 0 else 1 end, 0, 0
)`.as<"scanner">("scanner");

export async function listScanners(db: Reader, query: ListQuery): Promise<Page<Registration>> {
  const matches = db.selectFrom(everyScanner).where(matching(query.criteria, columns));
  const { total } = await matches
    .select((e) => e.fn.countAll<number>().as("total"))
    .executeTakeFirstOrThrow();
  const items = await matches
    .selectAll()
    .orderBy(
      ordering(query.sort, columns, [
        { field: "is_default", descending: true },
        { field: "name", descending: false },
      ]),
    )
    .limit(query.limit)
    .offset(query.offset)
    .execute();
  return { items: items.map(toRegistration), total: Number(total) };
}

export async function findScanner(db: Reader | Tx, uuid: string): Promise<Registration | null> {
  const row = await db.selectFrom(everyScanner).selectAll().where("uuid", "=", uuid).executeTakeFirst();
  return row === undefined ? null : toRegistration(row);
}

/** The scanner that each of the projects has chosen, else the default. One that is gone was never chosen. */
export async function scannersOf(
  db: Reader | Tx,
  projectIds: readonly number[],
): Promise<ReadonlyMap<number, Registration>> {
  const rows = await db.selectFrom(everyScanner).selectAll().where("is_default", "=", 1).execute();
  const [fallback = builtIn] = rows.map(toRegistration);
  const found = new Map(projectIds.map((id) => [id, fallback]));
  if (projectIds.length === 0) return found;
  const chosen = await db
    .selectFrom("project_scanner")
    .innerJoin(everyScanner, "scanner.uuid", "project_scanner.scanner")
    .select("project_scanner.project_id")
    .selectAll("scanner")
    .where("project_scanner.project_id", "in", projectIds)
    .execute();
  for (const { project_id, ...row } of chosen) found.set(project_id, toRegistration(row));
  return found;
}

function toRegistration(row: Row): Registration {
  return {
    uuid: row.uuid,
    name: row.name,
    description: row.description,
    url: row.url,
    auth: row.auth,
    skipCertVerify: Number(row.skip_cert_verify) === 1,
    useInternalAddress: Number(row.use_internal_addr) === 1,
    disabled: Number(row.disabled) === 1,
    isDefault: Number(row.is_default) === 1,
    createdAt: Number(row.created_at),
    updatedAt: Number(row.updated_at),
  };
}

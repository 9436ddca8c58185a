import {
  type Columns,
  type ListQuery,
  matching,
  ordering,
  type Page,
  type Reader,
  type Tx,
} from "../db/index.ts";
import { BreakwaterError } from "../kernel/index.ts";

export interface User {
  readonly id: number;
  readonly username: string;
  readonly email: string | null;
  readonly realname: string;
  readonly comment: string;
  readonly admin: boolean;
  /** Milliseconds since 1970, as all times. */
  readonly createdAt: number;
  readonly updatedAt: number;
}

/** Harbor's names for what users can be filtered and sorted by. */
const columns: Columns = {
  user_id: { column: "id", type: "number" },
  username: { column: "username", type: "text" },
  email: { column: "email", type: "text", nullable: true },
  realname: { column: "realname", type: "text" },
  comment: { column: "comment", type: "text" },
  sysadmin_flag: { column: "admin", type: "flag" },
  creation_time: { column: "created_at", type: "time" },
  update_time: { column: "updated_at", type: "time" },
};

/** Users that are not deleted. */
function living(db: Reader | Tx) {
  return db.selectFrom("user_account").where("deleted_at", "is", null);
}

type Row = Awaited<ReturnType<typeof selectRow>>;

export function selectRow(db: Reader | Tx, id: number) {
  return living(db).selectAll().where("id", "=", id).executeTakeFirst();
}

/** The user's row, or NOT_FOUND. */
export async function requireRow(db: Reader | Tx, id: number): Promise<NonNullable<Row>> {
  const row = await selectRow(db, id);
  if (row === undefined) throw new BreakwaterError("NOT_FOUND", `There is no user with the id ${id}.`);
  return row;
}

export function toUser(row: NonNullable<Row>): User {
  return {
    id: row.id,
    username: row.username,
    email: row.email,
    realname: row.realname,
    comment: row.comment,
    admin: row.admin === 1,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}

/** By username, else by email; a username that looks like another's email is its owner's. */
export async function findRow(db: Reader | Tx, name: string): Promise<Row> {
  return (
    (await living(db).selectAll().where("username", "=", name).executeTakeFirst()) ??
    (await living(db).selectAll().where("email", "=", name).executeTakeFirst())
  );
}

export async function listUsers(db: Reader, query: ListQuery): Promise<Page<User>> {
  const matches = living(db).where(matching(query.criteria, columns));
  const { total } = await matches
    .select((e) => e.fn.countAll<number>().as("total"))
    .executeTakeFirstOrThrow();
  const rows = await matches
    .selectAll()
    .orderBy(ordering(query.sort, columns, [{ field: "user_id", descending: false }]))
    .limit(query.limit)
    .offset(query.offset)
    .execute();
  return { items: rows.map(toUser), total: Number(total) };
}

/** Throws CONFLICT when another user than `id` has the username or the email. */
export async function requireUnused(
  tx: Tx,
  wanted: { readonly username?: string; readonly email: string },
  id = 0,
): Promise<void> {
  for (const field of ["username", "email"] as const) {
    const value = wanted[field];
    if (value === undefined) continue;
    const taken = await living(tx)
      .select("id")
      .where(field, "=", value)
      .where("id", "!=", id)
      .executeTakeFirst();
    if (taken === undefined) continue;
    throw new BreakwaterError("CONFLICT", `There is a user with the ${field} ${value} already.`);
  }
}

/** Throws PRECONDITION when nobody but `id` could administer the registry. */
export async function requireOtherAdmin(tx: Tx, id: number): Promise<void> {
  const other = await living(tx).select("id").where("admin", "=", 1).where("id", "!=", id).executeTakeFirst();
  if (other !== undefined) return;
  throw new BreakwaterError(
    "PRECONDITION",
    "This is the only administrator; make somebody else an administrator first.",
  );
}

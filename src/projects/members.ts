import { sql } from "kysely";
import { type Database, type Page, type Reader, readPage, type Tx } from "../db/index.ts";
import type { AuditLog } from "../events/index.ts";
import { BreakwaterError, type Caller, type Clock } from "../kernel/index.ts";
import { isRoleId, type RoleId, roleName } from "./roles.ts";

/** A user with a role in a project. */
export interface Member {
  readonly id: number;
  readonly projectId: number;
  readonly userId: number;
  readonly username: string;
  readonly role: RoleId;
}

/** How a client names the user who becomes a member. */
export type UserKey = { readonly id: number } | { readonly username: string };

/** Which members are wanted: of that name exactly, or all of them. */
export interface MemberQuery {
  readonly username: string | null;
  readonly limit: number;
  readonly offset: number;
}

/** Who belongs to which project. Every change is recorded in the transaction that makes it. */
export class Members {
  readonly #database: Database;
  readonly #audit: AuditLog;
  readonly #clock: Clock;

  constructor(database: Database, audit: AuditLog, clock: Clock) {
    this.#database = database;
    this.#audit = audit;
    this.#clock = clock;
  }

  /** By name. */
  async list(projectId: number, query: MemberQuery): Promise<Page<Member>> {
    const { username } = query;
    const members = selectMembers(this.#database.read, projectId).$if(username !== null, (all) =>
      all.where("user_account.username", "=", username),
    );
    return readPage(members, sql.ref("user_account.username"), query, toMember);
  }

  /** Throws NOT_FOUND. */
  async get(projectId: number, memberId: number): Promise<Member> {
    return requireMember(this.#database.read, projectId, memberId);
  }

  /** Throws BAD_REQUEST for a role that is none, NOT_FOUND for the user, CONFLICT for a member. */
  async create(caller: Caller, projectId: number, user: UserKey, role: number): Promise<Member> {
    requireRole(role);
    const now = this.#clock();
    return this.#database.write(async (tx) => {
      const { id: userId, username } = await requireUser(tx, user);
      const row = await tx
        .insertInto("project_member")
        .values({
          project_id: projectId,
          entity_type: "u",
          entity_id: userId,
          role_id: role,
          created_at: now,
          updated_at: now,
        })
        .onConflict((conflict) => conflict.columns(["project_id", "entity_type", "entity_id"]).doNothing())
        .returning("id")
        .executeTakeFirst();
      if (row === undefined) {
        throw new BreakwaterError("CONFLICT", `The user ${username} is a member of the project already.`);
      }
      await this.#record(tx, caller, "create", projectId, username, roleName(role));
      return { id: row.id, projectId, userId, username, role };
    });
  }

  /** Throws BAD_REQUEST for a role that is none, NOT_FOUND. */
  async setRole(caller: Caller, projectId: number, memberId: number, role: number): Promise<void> {
    requireRole(role);
    await this.#database.write(async (tx) => {
      const { username } = await requireMember(tx, projectId, memberId);
      await tx
        .updateTable("project_member")
        .set({ role_id: role, updated_at: this.#clock() })
        .where("id", "=", memberId)
        .execute();
      await this.#record(tx, caller, "update", projectId, username, roleName(role));
    });
  }

  /** Throws NOT_FOUND. */
  async delete(caller: Caller, projectId: number, memberId: number): Promise<void> {
    await this.#database.write(async (tx) => {
      const { username, role } = await requireMember(tx, projectId, memberId);
      await tx.deleteFrom("project_member").where("id", "=", memberId).execute();
      await this.#record(tx, caller, "delete", projectId, username, roleName(role));
    });
  }

  #record(
    tx: Tx,
    caller: Caller,
    operation: string,
    projectId: number,
    resource: string,
    detail: string,
  ): Promise<void> {
    return this.#audit.record(tx, caller, { operation, resourceType: "member", resource, projectId, detail });
  }
}

function selectMembers(database: Reader | Tx, projectId: number) {
  return database
    .selectFrom("project_member")
    .innerJoin("user_account", "user_account.id", "project_member.entity_id")
    .select([
      "project_member.id",
      "project_member.project_id",
      "project_member.entity_id",
      "project_member.role_id",
      "user_account.username",
    ])
    .where("project_member.project_id", "=", projectId)
    .where("project_member.entity_type", "=", "u")
    .where("user_account.deleted_at", "is", null);
}

type Row = Awaited<ReturnType<ReturnType<typeof selectMembers>["executeTakeFirstOrThrow"]>>;

function toMember(row: Row): Member {
  return {
    id: row.id,
    projectId: row.project_id,
    userId: row.entity_id,
    username: row.username,
    role: row.role_id as RoleId,
  };
}

async function requireMember(database: Reader | Tx, projectId: number, memberId: number): Promise<Member> {
  const row = await selectMembers(database, projectId)
    .where("project_member.id", "=", memberId)
    .executeTakeFirst();
  if (row === undefined) {
    throw new BreakwaterError("NOT_FOUND", `The project has no member with the id ${memberId}.`);
  }
  return toMember(row);
}

async function requireUser(tx: Tx, key: UserKey): Promise<{ id: number; username: string }> {
  const users = tx.selectFrom("user_account").select(["id", "username"]).where("deleted_at", "is", null);
  const user = await ("id" in key
    ? users.where("id", "=", key.id)
    : users.where("username", "=", key.username)
  ).executeTakeFirst();
  if (user !== undefined) return user;
  const named = "id" in key ? `with the id ${key.id}` : `named ${key.username.slice(0, 255)}`;
  throw new BreakwaterError("NOT_FOUND", `There is no user ${named}.`);
}

function requireRole(role: number): asserts role is RoleId {
  if (isRoleId(role)) return;
  throw new BreakwaterError(
    "BAD_REQUEST",
    `There is no role ${role}: expected 1 (project admin), 2 (developer), 3 (guest), 4 (maintainer) or 5 (limited guest).`,
  );
}

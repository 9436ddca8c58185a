import type { Database, ListQuery, Page, Tx } from "../db/index.ts";
import type { AuditLog } from "../events/index.ts";
import { BreakwaterError, type Caller, type Clock, systemCaller } from "../kernel/index.ts";
import type { Passwords } from "./passwords.ts";
import type { Account, UserPrincipal } from "./principal.ts";
import { generateSecret, requireStrong } from "./secrets.ts";
import { type Profile, requireProfile, requireUsername } from "./user-rules.ts";
import {
  findRow,
  listUsers,
  requireOtherAdmin,
  requireRow,
  requireUnused,
  selectRow,
  toUser,
  type User,
} from "./user-store.ts";

export interface NewUser extends Profile {
  readonly username: string;
  readonly password: string;
}

type Row = Awaited<ReturnType<typeof requireRow>>;

/** People with a password here. Every change is recorded in the transaction that makes it. */
export class Users {
  readonly #database: Database;
  readonly #audit: AuditLog;
  readonly #clock: Clock;
  readonly #passwords: Passwords;

  constructor(database: Database, audit: AuditLog, clock: Clock, passwords: Passwords) {
    this.#database = database;
    this.#audit = audit;
    this.#clock = clock;
    this.#passwords = passwords;
  }

  /** Throws BAD_REQUEST or, when the username or email is taken, CONFLICT. */
  async create(caller: Caller, user: NewUser): Promise<User> {
    requireUsername(user.username);
    requireProfile(user);
    requireStrong(user.password, "password");
    const hash = await this.#passwords.hash(user.password);
    return this.#database.write(async (tx) => {
      await requireUnused(tx, user);
      return this.#insert(tx, caller, user, hash, false);
    });
  }

  /** Throws NOT_FOUND. */
  async get(id: number): Promise<User> {
    return toUser(await requireRow(this.#database.read, id));
  }

  /** By username or email. */
  async find(name: string): Promise<User | null> {
    const row = await findRow(this.#database.read, name);
    return row === undefined ? null : toUser(row);
  }

  /** Fields: user_id, username, email, realname, comment, sysadmin_flag, creation_time, update_time. */
  list(query: ListQuery): Promise<Page<User>> {
    return listUsers(this.#database.read, query);
  }

  async count(): Promise<number> {
    const query: ListQuery = { criteria: new Map(), sort: [], limit: 0, offset: 0 };
    return (await this.list(query)).total;
  }

  /** Throws BAD_REQUEST, NOT_FOUND or, when the email is taken, CONFLICT. */
  async updateProfile(caller: Caller, id: number, profile: Profile): Promise<void> {
    requireProfile(profile);
    const { email, realname, comment } = profile;
    await this.#change(caller, id, "changed the profile", async (tx) => {
      await requireUnused(tx, { email }, id);
      return { email, realname, comment };
    });
  }

  /** Throws NOT_FOUND, or PRECONDITION for the last administrator. */
  async setAdmin(caller: Caller, id: number, admin: boolean): Promise<void> {
    const detail = admin ? "made an administrator" : "no longer an administrator";
    await this.#change(caller, id, detail, async (tx) => {
      if (!admin) await requireOtherAdmin(tx, id);
      return { admin: admin ? 1 : 0 };
    });
  }

  /**
   * Sets a new password and ends the user's sessions. `old` is given when users change their own: it must be
   * right, or FORBIDDEN is thrown. Throws BAD_REQUEST for a weak password and for the one there is.
   */
  async changePassword(caller: Caller, id: number, password: string, old?: string): Promise<void> {
    const { password_hash: current } = await requireRow(this.#database.read, id);
    if (old !== undefined && !(await this.#passwords.verify(old, current))) {
      throw new BreakwaterError("FORBIDDEN", "The current password is incorrect.");
    }
    requireStrong(password, "password");
    if (await this.#passwords.verify(password, current)) {
      throw new BreakwaterError("BAD_REQUEST", "The new password is the same as the current one.");
    }
    const hash = await this.#passwords.hash(password);
    await this.#change(caller, id, "changed the password", async (tx) => {
      await tx.deleteFrom("session").where("user_id", "=", id).execute();
      return { password_hash: hash };
    });
  }

  /**
   * Deletes a user. The row stays, because audit records and projects name it, under names that are nobody's
   * else: `#` is in no username, so that the old ones are free. Throws NOT_FOUND, FORBIDDEN for oneself,
   * PRECONDITION for the last administrator.
   */
  async delete(caller: Caller, id: number): Promise<void> {
    const now = this.#clock();
    await this.#database.write(async (tx) => {
      const row = await requireRow(tx, id);
      if (caller.kind === "user" && caller.name === row.username) {
        throw new BreakwaterError("FORBIDDEN", "Nobody can delete their own account.");
      }
      if (row.admin === 1) await requireOtherAdmin(tx, id);
      await tx
        .updateTable("user_account")
        .set({
          username: `${row.username}#${id}`,
          email: row.email === null ? null : `${row.email}#${id}`,
          admin: 0,
          deleted_at: now,
          updated_at: now,
        })
        .where("id", "=", id)
        .execute();
      await tx.deleteFrom("session").where("user_id", "=", id).execute();
      await this.#record(tx, caller, "delete", row.username);
    });
  }

  /**
   * Makes the user `admin` while there is no user at all: at the first start. Answers the password if it had
   * to make one up; a given one is taken as it is, like Harbor's `harbor_admin_password`.
   */
  async ensureAdmin(password: string | null): Promise<string | null> {
    const exists = (db: Tx | Database["read"]) =>
      db.selectFrom("user_account").select("id").limit(1).executeTakeFirst();
    if ((await exists(this.#database.read)) !== undefined) return null;
    const chosen = password ?? generateSecret(20);
    const hash = await this.#passwords.hash(chosen);
    return this.#database.write(async (tx) => {
      if ((await exists(tx)) !== undefined) return null;
      const profile = { username: "admin", email: null, realname: "system admin", comment: "admin user" };
      await this.#insert(tx, systemCaller, profile, hash, true);
      return password === null ? chosen : null;
    });
  }

  /** The account whose username or email is `name`, if the password is right. */
  async authenticate(name: string, password: string): Promise<Account<UserPrincipal> | null> {
    const row = await findRow(this.#database.read, name);
    const matches = await this.#passwords.verify(password, row?.password_hash ?? null);
    return row !== undefined && matches ? toAccount(row) : null;
  }

  /** The account as it stands; null when it is deleted. */
  async account(id: number): Promise<Account<UserPrincipal> | null> {
    const row = await selectRow(this.#database.read, id);
    return row === undefined ? null : toAccount(row);
  }

  async #insert(
    tx: Tx,
    caller: Caller,
    user: Pick<User, "username" | "email" | "realname" | "comment">,
    hash: string,
    admin: boolean,
  ): Promise<User> {
    const now = this.#clock();
    const { username, email, realname, comment } = user;
    const times = { created_at: now, updated_at: now, deleted_at: null };
    const row = await tx
      .insertInto("user_account")
      .values({ username, email, realname, comment, password_hash: hash, admin: admin ? 1 : 0, ...times })
      .returningAll()
      .executeTakeFirstOrThrow();
    await this.#record(tx, caller, "create", username);
    return toUser(row);
  }

  async #change(
    caller: Caller,
    id: number,
    detail: string,
    change: (
      tx: Tx,
    ) => Promise<Partial<Pick<Row, "email" | "realname" | "comment" | "admin" | "password_hash">>>,
  ): Promise<void> {
    await this.#database.write(async (tx) => {
      const { username } = await requireRow(tx, id);
      const values = await change(tx);
      await tx
        .updateTable("user_account")
        .set({ ...values, updated_at: this.#clock() })
        .where("id", "=", id)
        .execute();
      await this.#record(tx, caller, "update", username, detail);
    });
  }

  #record(tx: Tx, caller: Caller, operation: string, username: string, detail?: string): Promise<void> {
    const event = { operation, resourceType: "user", resource: username, projectId: null };
    return this.#audit.record(tx, caller, detail === undefined ? event : { ...event, detail });
  }
}

function toAccount(row: Row): Account<UserPrincipal> {
  const principal = { kind: "user", id: row.id, name: row.username, admin: row.admin === 1 } as const;
  return { principal, proof: row.password_hash, expiresAt: null };
}

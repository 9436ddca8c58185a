import { createHash, randomBytes } from "node:crypto";
import type { Database, Tx } from "../db/index.ts";
import type { AuditLog } from "../events/index.ts";
import type { Caller, Clock } from "../kernel/index.ts";
import { equalInConstantTime, mac } from "./keys.ts";
import type { UserPrincipal } from "./principal.ts";

export interface SessionOptions {
  /** For the HMAC that makes CSRF tokens: 32 bytes. */
  readonly csrfKey: Uint8Array;
  /** Milliseconds after its last use. */
  readonly lifetime: number;
}

export interface Session {
  readonly principal: UserPrincipal;
  /** What a page of the UI must send along to change anything. */
  readonly csrfToken: string;
}

/** What `open` makes: 32 random bytes. */
const idPattern = /^[A-Za-z0-9_-]{43}$/;

/** Sessions of people in a browser. The cookie holds a random number, the database only that number's hash. */
export class Sessions {
  readonly #database: Database;
  readonly #audit: AuditLog;
  readonly #clock: Clock;
  readonly #options: SessionOptions;

  constructor(database: Database, audit: AuditLog, clock: Clock, options: SessionOptions) {
    this.#database = database;
    this.#audit = audit;
    this.#clock = clock;
    this.#options = options;
  }

  /** Begins a session, always under a new id, and answers it: the cookie's value. */
  async open(userId: number): Promise<string> {
    const id = randomBytes(32).toString("base64url");
    const now = this.#clock();
    await this.#database.write((tx) =>
      tx
        .insertInto("session")
        .values({
          id_hash: hashOf(id),
          user_id: userId,
          created_at: now,
          expires_at: now + this.#options.lifetime,
        })
        .execute(),
    );
    return id;
  }

  /** The session with this id, and its life renewed; null when there is none or its user is gone. */
  async find(id: string): Promise<Session | null> {
    if (!idPattern.test(id)) return null;
    const now = this.#clock();
    const row = await this.#database.read
      .selectFrom("session")
      .innerJoin("user_account", "user_account.id", "session.user_id")
      .select(["user_account.id", "username", "admin", "expires_at"])
      .where("id_hash", "=", hashOf(id))
      .where("expires_at", ">", now)
      .where("deleted_at", "is", null)
      .executeTakeFirst();
    if (row === undefined) return null;
    await this.#renew(id, row.expires_at, now);
    return {
      principal: { kind: "user", id: row.id, name: row.username, admin: row.admin === 1 },
      csrfToken: this.csrfTokenOf(id),
    };
  }

  /** Bound to the session, so that neither another session's nor an earlier one's will do. */
  csrfTokenOf(id: string): string {
    return mac(this.#options.csrfKey, id, "base64url");
  }

  isCsrfTokenOf(session: Session, token: string): boolean {
    return equalInConstantTime(session.csrfToken, token);
  }

  /** Ends the session, if there is one, and records the logout. */
  async close(caller: Caller, id: string): Promise<void> {
    await this.#database.write(async (tx) => {
      if (!(await this.#remove(tx, id))) return;
      const event = { operation: "logout", resourceType: "user", resource: caller.name, projectId: null };
      await this.#audit.record(tx, caller, event);
    });
  }

  async purge(): Promise<void> {
    const now = this.#clock();
    await this.#database.write((tx) => tx.deleteFrom("session").where("expires_at", "<=", now).execute());
  }

  async #remove(tx: Tx, id: string): Promise<boolean> {
    const { numDeletedRows } = await tx
      .deleteFrom("session")
      .where("id_hash", "=", hashOf(id))
      .executeTakeFirstOrThrow();
    return numDeletedRows > 0n;
  }

  /** A write for each request would be too many: one for each twelfth of the lifetime is exact enough. */
  async #renew(id: string, expiresAt: number, now: number): Promise<void> {
    const { lifetime } = this.#options;
    if (now + lifetime - expiresAt < lifetime / 12) return;
    await this.#database.write((tx) =>
      tx
        .updateTable("session")
        .set({ expires_at: now + lifetime })
        .where("id_hash", "=", hashOf(id))
        .execute(),
    );
  }
}

function hashOf(id: string): string {
  return createHash("sha256").update(id).digest("hex");
}

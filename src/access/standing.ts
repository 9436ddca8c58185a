import { type Database, statement, type Version } from "../db/index.ts";
import { type Clock, Lru, type Soon, soon } from "../kernel/index.ts";
import type { VerifiedToken } from "./verified-token.ts";

interface Known {
  /** The database's version from before the account was read. */
  readonly version: Version;
  /** Until when the account may be used, milliseconds since 1970; 0 of one that is gone or disabled. */
  readonly until: number;
}

const selectUser = statement((on, { id }: { readonly id: number }) =>
  on.selectFrom("user_account").select("id").where("id", "=", id).where("deleted_at", "is", null),
);
const selectRobot = statement((on, { id }: { readonly id: number }) =>
  on.selectFrom("robot").select("expires_at").where("id", "=", id).where("disabled", "=", 0),
);

/**
 * Whether the accounts that tokens were issued to are still there: a token lives longer than a robot that is lent for a
 * scan. It is asked with each request, so an answer holds as long as nothing was committed.
 */
export class Standing {
  readonly #database: Database;
  readonly #clock: Clock;
  readonly #known = new Lru<string, Known>(10_000);

  constructor(database: Database, clock: Clock) {
    this.#database = database;
    this.#clock = clock;
  }

  /** False when the token's account is deleted, disabled or expired; at once when nothing has changed since. */
  of({ kind, id, subject }: Pick<VerifiedToken, "kind" | "id" | "subject">): Soon<boolean> {
    if (id === null) return true;
    return soon(this.#database.version(), (version) => {
      const known = this.#known.get(subject);
      if (known?.version === version) return known.until > this.#clock();
      return this.#look(kind, id, subject, version);
    });
  }

  async #look(kind: string, id: number, subject: string, version: Version): Promise<boolean> {
    const { read } = this.#database;
    const until =
      kind === "user"
        ? (await selectUser(read, { id })).map(() => Number.POSITIVE_INFINITY)
        : (await selectRobot(read, { id })).map(({ expires_at }) => expires_at ?? Number.POSITIVE_INFINITY);
    const known = { version, until: until[0] ?? 0 };
    this.#known.set(subject, known);
    return known.until > this.#clock();
  }
}

import { Believed, type Database, statement } from "../db/index.ts";
import { type Clock, type Soon, soon } from "../kernel/index.ts";
import type { VerifiedToken } from "./verified-token.ts";

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
  /** By subject until when the account may be used, milliseconds since 1970; 0 of one that is gone or disabled. */
  readonly #until: Believed<string, number>;

  constructor(database: Database, clock: Clock) {
    this.#database = database;
    this.#clock = clock;
    this.#until = new Believed(database, 10_000);
  }

  /** False when the token's account is deleted, disabled or expired; at once when nothing has changed since. */
  of({ kind, id, subject }: Pick<VerifiedToken, "kind" | "id" | "subject">): Soon<boolean> {
    if (id === null) return true;
    const until = this.#until.get(subject, () => this.#read(kind, id));
    return soon(until, (until) => until > this.#clock());
  }

  async #read(kind: string, id: number): Promise<number> {
    const { read } = this.#database;
    const [until] =
      kind === "user"
        ? (await selectUser(read, { id })).map(() => Number.POSITIVE_INFINITY)
        : (await selectRobot(read, { id })).map(({ expires_at }) => expires_at ?? Number.POSITIVE_INFINITY);
    return until ?? 0;
  }
}

import type { Database, LoginAttemptTable, Reader, Tx } from "../db/index.ts";
import { BreakwaterError, type Clock, day, minute, second } from "../kernel/index.ts";
import { networkOf } from "./network.ts";

/** How many wrong passwords cost nothing. Many people and machines may share an address. */
const free = { account: 10, address: 30, pair: 10 } as const;
type Kind = keyof typeof free;

/** One failure is forgiven for each of these that passes without another. */
const leak = 5 * minute;
const longestDelay = 15 * minute;
/** An address without a failure for so long counts as one that never had any. */
const forgetAfter = day;
/** For how long, when nothing happens there, an account is at home at an address. */
const familiarFor = 7 * day;

type Row = LoginAttemptTable;

/**
 * Slows down the guessing of passwords: of one account from many addresses, and of many accounts from one
 * address. After some free attempts each wrong one doubles the wait, up to 15 minutes. The counts are in the
 * database, where all processes see them.
 *
 * Nobody may be locked out by what strangers do, so:
 * - An account is at home at an address where its password was right lately. Neither what happens to the
 *   account elsewhere nor what others do at that address matters there: only the wrong passwords for this
 *   account from this address do.
 * - An address without a wrong password in the last day has one attempt at any account, blocked or not: the
 *   owner gets in from a new place at once. It gives a botnet one guess for each of its networks and days,
 *   which is not worth having against a password that meets the rule.
 *
 * What remains: somebody who shares the owner's address can slow the owner down there.
 */
export class LoginThrottle {
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Throws TOOMANYREQUESTS, with `retryAfter` (seconds) as its detail, when the attempt must wait. */
  async check(db: Reader, account: string, address: string): Promise<void> {
    const rows = await readRows(db, account, address);
    const wait = this.#blockedUntil(rows) - this.#clock();
    if (wait <= 0) return;
    const retryAfter = Math.ceil(wait / second);
    throw new BreakwaterError(
      "TOOMANYREQUESTS",
      `There were too many wrong passwords for this account or from this address; try again in ${retryAfter} seconds.`,
      { detail: { retryAfter } },
    );
  }

  /** Counts a wrong password: where the account is at home against that place alone, else against both. */
  async failed(tx: Tx, account: string, address: string): Promise<void> {
    const rows = await readRows(tx, account, address);
    const kinds: readonly Kind[] = rows.pair === undefined ? ["account", "address"] : ["pair"];
    const now = this.#clock();
    for (const kind of kinds) {
      const failures = failuresLeft(rows[kind], now) + 1;
      const blocked_until = now + delayAfter(failures - free[kind]);
      await writeRow(tx, {
        subject: subjectOf(kind, account, address),
        failures,
        last_at: now,
        blocked_until,
      });
    }
  }

  /** Clears the account's count and makes it at home at the address, whose own count stays. */
  async succeeded(tx: Tx, account: string, address: string): Promise<void> {
    await tx
      .deleteFrom("login_attempt")
      .where("subject", "=", subjectOf("account", account, address))
      .execute();
    const subject = subjectOf("pair", account, address);
    await writeRow(tx, { subject, failures: 0, last_at: this.#clock(), blocked_until: 0 });
  }

  /** Removes what no longer matters, so that the table's size follows the attempts of a week. */
  async purge(database: Database): Promise<void> {
    const now = this.#clock();
    await database.write(async (tx) => {
      const old = tx.deleteFrom("login_attempt");
      await old.where("last_at", "<", now - familiarFor).execute();
      await old
        .where("last_at", "<", now - forgetAfter)
        .where("subject", "not like", "pair:%")
        .execute();
    });
  }

  #blockedUntil({ pair, account, address }: Rows): number {
    if (pair !== undefined) return pair.blocked_until;
    if (address === undefined || this.#clock() - address.last_at >= forgetAfter) return 0;
    return Math.max(address.blocked_until, account?.blocked_until ?? 0);
  }
}

type Rows = Readonly<Partial<Record<Kind, Row>>>;

function subjectOf(kind: Kind, account: string, address: string): string {
  if (kind === "account") return `account:${account}`;
  return kind === "address" ? `address:${networkOf(address)}` : `pair:${networkOf(address)} ${account}`;
}

async function readRows(db: Reader | Tx, account: string, address: string): Promise<Rows> {
  const kinds = ["account", "address", "pair"] as const;
  const subjects = kinds.map((kind) => subjectOf(kind, account, address));
  const rows = await db.selectFrom("login_attempt").selectAll().where("subject", "in", subjects).execute();
  return Object.fromEntries(rows.map((row) => [row.subject.slice(0, row.subject.indexOf(":")), row]));
}

async function writeRow(tx: Tx, row: Row): Promise<void> {
  const { subject, ...values } = row;
  await tx
    .insertInto("login_attempt")
    .values(row)
    .onConflict((conflict) => conflict.column("subject").doUpdateSet(values))
    .execute();
}

function failuresLeft(row: Row | undefined, now: number): number {
  return row === undefined ? 0 : Math.max(0, row.failures - Math.floor((now - row.last_at) / leak));
}

/** Milliseconds to wait after the `n`th failure that is not free. */
function delayAfter(n: number): number {
  return n <= 0 ? 0 : Math.min(longestDelay, second * 2 ** Math.min(n - 1, 20));
}

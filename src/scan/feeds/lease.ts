import type { Database, Tx } from "../../db/index.ts";
import { BreakwaterError, type Clock, minute, second } from "../../kernel/index.ts";

const name = "scan.vulndb.lease";
const length = minute;
const renewEvery = 15 * second;

interface Held {
  /** The one that holds it; `who` is for people. */
  readonly holder: string;
  readonly who: string;
  readonly until: number;
}

/** The right to exchange the vulnerability database, which one process has at a time, on whichever machine. */
export interface Lease extends AsyncDisposable {
  /** Aborted when it was lost: the process was suspended for so long that another took it. */
  readonly signal: AbortSignal;
  /** Throws CONFLICT when it was lost, and with it the transaction. */
  confirmIn(tx: Tx): Promise<void>;
}

/** Waits up to `patience` milliseconds for it. Throws CONFLICT when another keeps it. */
export async function takeLease(
  database: Database,
  clock: Clock,
  who: string,
  patience: number,
): Promise<Lease> {
  const holder = crypto.randomUUID();
  const lost = new AbortController();
  for (const deadline = clock() + patience; ; ) {
    const other = await database.write((tx) => take(tx, { holder, who, until: clock() + length }, clock()));
    if (other === null) break;
    if (clock() >= deadline) {
      throw new BreakwaterError(
        "CONFLICT",
        `The vulnerability database is being exchanged by ${other.who}. Try again when it is done.`,
      );
    }
    await Bun.sleep(second);
  }
  const renew = () =>
    database
      .write((tx) => take(tx, { holder, who, until: clock() + length }, clock()))
      .then(
        (other) => other !== null && lost.abort(lostTo(other)),
        // The next one makes up for it, or it is lost.
        () => {},
      );
  const timer = setInterval(renew, renewEvery);
  return {
    signal: lost.signal,
    async confirmIn(tx) {
      const other = await take(tx, { holder, who, until: clock() + length }, clock());
      if (other !== null) throw lostTo(other);
    },
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
      // Where that fails, it runs out by itself.
      await database.write((tx) => release(tx, holder)).catch(() => {});
    },
  };
}

function lostTo({ who }: Held): BreakwaterError {
  return new BreakwaterError(
    "CONFLICT",
    `Meanwhile ${who} has begun to exchange the vulnerability database.`,
  );
}

/** Takes or renews it; answers who has it instead. */
async function take(tx: Tx, wanted: Held, now: number): Promise<Held | null> {
  const held = await read(tx);
  if (held !== null && held.holder !== wanted.holder && held.until > now) return held;
  const value = JSON.stringify(wanted);
  await tx
    .insertInto("setting")
    .values({ name, value })
    .onConflict((conflict) => conflict.column("name").doUpdateSet({ value }))
    .execute();
  return null;
}

async function release(tx: Tx, holder: string): Promise<void> {
  if ((await read(tx))?.holder !== holder) return;
  await tx.deleteFrom("setting").where("name", "=", name).execute();
}

async function read(tx: Tx): Promise<Held | null> {
  const row = await tx.selectFrom("setting").select("value").where("name", "=", name).executeTakeFirst();
  return row === undefined ? null : (JSON.parse(row.value) as Held);
}

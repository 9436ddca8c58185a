import type { Database, Reader } from "../db/index.ts";
import { type Clock, minute, second } from "../kernel/index.ts";

/** How often a process says that it serves. */
const beat = 15 * second;
/** Who has not said so for this long does not. */
const silence = minute;

const prefix = "serve.process.";

interface Presence {
  /** The machine's name and the process's number there. */
  readonly who: string;
  /** Milliseconds since 1970. */
  readonly seenAt: number;
}

/** Says in the database that this process serves it, again and again, until it is disposed of. */
export async function announce(database: Database, clock: Clock, who: string): Promise<AsyncDisposable> {
  const name = `${prefix}${crypto.randomUUID()}`;
  async function say(): Promise<void> {
    const value = JSON.stringify({ who, seenAt: clock() } satisfies Presence);
    await database.write(async (tx) => {
      await tx
        .insertInto("setting")
        .values({ name, value })
        .onConflict((conflict) => conflict.column("name").doUpdateSet({ value }))
        .execute();
    });
  }
  await forgetSilent(database, clock);
  await say();
  // One that fails, since the database is away, the next one makes up for.
  const timer = setInterval(() => say().catch(() => {}), beat);
  return {
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
      // Where that fails, its silence says the same a little later.
      await database
        .write((tx) => tx.deleteFrom("setting").where("name", "=", name).execute())
        .catch(() => {});
    },
  };
}

/** The processes that serve the database: `breakwater-1, process 4711, seen 3 s ago`. */
export async function whoServes(read: Reader, clock: Clock): Promise<readonly string[]> {
  const now = clock();
  const rows = await read.selectFrom("setting").select("value").where("name", "like", `${prefix}%`).execute();
  return rows
    .map(({ value }) => JSON.parse(value) as Presence)
    .filter(({ seenAt }) => now - seenAt < silence)
    .map(({ who, seenAt }) => `${who}, seen ${Math.max(0, Math.round((now - seenAt) / second))} s ago`);
}

/** What processes that were killed have left. */
async function forgetSilent(database: Database, clock: Clock): Promise<void> {
  const rows = await database.read
    .selectFrom("setting")
    .selectAll()
    .where("name", "like", `${prefix}%`)
    .execute();
  const silent = rows.filter(({ value }) => clock() - (JSON.parse(value) as Presence).seenAt >= silence);
  if (silent.length === 0) return;
  await database.write((tx) =>
    tx
      .deleteFrom("setting")
      .where(
        "name",
        "in",
        silent.map(({ name }) => name),
      )
      .execute(),
  );
}

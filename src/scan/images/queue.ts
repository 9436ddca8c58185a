import { type SqlBool, sql, type Updateable } from "kysely";
import { batches, type Database, type ImageScanTable, type Reader, type Tx } from "../../db/index.ts";
import { type Clock, indexTypes, minute, second } from "../../kernel/index.ts";

/** How long a process may be silent before another takes its image over. */
const lease = 2 * minute;
/** An image that ended its process, or failed, this often is given up. */
const maxAttempts = 3;
/** How long an image waits that has failed. */
const pause = 30 * second;

const stopped = "The scan was stopped before it began.";
const endedProcesses = "The process that scanned it ended in the middle of it, several times.";

/** As the partial index has it. */
const open = sql<SqlBool>`state in ('pending', 'running')`;

/** The images that are to be scanned: one row each, leased to one process at a time. */
export class ImageQueue {
  readonly #database: Database;
  readonly #clock: Clock;

  constructor(database: Database, clock: Clock) {
    this.#database = database;
    this.#clock = clock;
  }

  /** Puts a manifest in the queue, unless it lists others or is known already. */
  async add(tx: Tx, manifestId: number): Promise<void> {
    const now = this.#clock();
    await tx
      .insertInto("image_scan")
      .columns(["manifest_id", "state", "requested_at", "attempts"])
      .expression((from) =>
        from
          .selectFrom("manifest")
          .select(["id", sql.lit("pending").as("state"), sql.lit(now).as("at"), sql.lit(0).as("attempts")])
          .where("id", "=", manifestId)
          .where("media_type", "not in", [...indexTypes]),
      )
      .onConflict((conflict) => conflict.column("manifest_id").doNothing())
      .execute();
  }

  /**
   * Has images scanned again, also those of their layers that could not be read; one that waits or is being scanned
   * is left alone.
   */
  async request(manifestIds: readonly number[]): Promise<void> {
    for (const ids of batches(manifestIds)) {
      await this.#database.write(async (tx) => {
        for (const id of ids) await this.add(tx, id);
        await tx
          .deleteFrom("layer_inventory")
          .where("failure", "is not", null)
          .where("blob_id", "in", (of) =>
            of.selectFrom("manifest_blob").select("blob_id").where("manifest_id", "in", ids),
          )
          .execute();
        await tx
          .updateTable("image_scan")
          .set({
            state: "pending",
            requested_at: this.#clock(),
            attempts: 0,
            held_until: null,
            failure: null,
          })
          .where("manifest_id", "in", ids)
          .where("state", "in", ["done", "failed"])
          .execute();
      });
    }
  }

  /** Takes images that still wait out of the queue, of all where none are named. What was found before stands. */
  async stop(manifestIds?: readonly number[]): Promise<void> {
    await this.#database.write(async (tx) => {
      const waiting = tx
        .updateTable("image_scan")
        .where("state", "=", "pending")
        .$if(manifestIds !== undefined, (query) =>
          query.where("manifest_id", "in", [...(manifestIds ?? [])]),
        );
      await waiting
        .set({ state: "done", held_until: null, failure: null })
        .where("inventoried_at", "is not", null)
        .execute();
      await waiting.set({ state: "failed", held_until: null, failure: stopped }).execute();
    });
  }

  /** Of the images that were asked for since then, how many are in which state. */
  async progressSince(time: number): Promise<Readonly<Record<ImageScanTable["state"], number>>> {
    const rows = await this.#database.read
      .selectFrom("image_scan")
      .select((of) => ["state", of.fn.countAll().as("count")])
      .where("requested_at", ">=", time)
      .groupBy("state")
      .execute();
    const states = { pending: 0, running: 0, failed: 0, done: 0 };
    for (const { state, count } of rows) states[state] = Number(count);
    return states;
  }

  /** Takes the image that has waited longest; null when there is none. */
  async take(holder: string): Promise<number | null> {
    const next = await this.#next(this.#database.read);
    if (next === undefined) return null;
    return this.#database.write(async (tx) => {
      const row = await this.#next(tx);
      if (row === undefined) return null;
      const { manifest_id, attempts } = row;
      if (attempts >= maxAttempts) {
        await set(tx, manifest_id, {
          state: "failed",
          holder: null,
          held_until: null,
          failure: endedProcesses,
        });
        return null;
      }
      const held_until = this.#clock() + lease;
      await set(tx, manifest_id, { state: "running", holder, held_until, attempts: attempts + 1 });
      return manifest_id;
    });
  }

  #next(reader: Reader | Tx) {
    return reader
      .selectFrom("image_scan")
      .select(["manifest_id", "attempts"])
      .where(open)
      .where((of) => of.or([of("held_until", "is", null), of("held_until", "<", this.#clock())]))
      .orderBy("requested_at")
      .limit(1)
      .executeTakeFirst();
  }

  /** A sign of life; false when the image is another process's by now, or gone. */
  async renew(manifestId: number, holder: string): Promise<boolean> {
    const { numUpdatedRows } = await this.#database.write((tx) =>
      tx
        .updateTable("image_scan")
        .set({ held_until: this.#clock() + lease })
        .where("manifest_id", "=", manifestId)
        .where("holder", "=", holder)
        .executeTakeFirstOrThrow(),
    );
    return numUpdatedRows > 0n;
  }

  /** Gives back an image that could not be scanned: it is tried again a while later, a few times. */
  async fail(manifestId: number, holder: string, failure: string): Promise<void> {
    await this.#database.write(async (tx) => {
      const row = await this.#held(tx, manifestId, holder);
      if (row === undefined) return;
      const last = row.attempts >= maxAttempts;
      await set(tx, manifestId, {
        state: last ? "failed" : "pending",
        holder: null,
        held_until: last ? null : this.#clock() + pause * row.attempts,
        failure,
      });
    });
  }

  /** Gives an image back that has not been begun in earnest: this process is going down. */
  async release(manifestId: number, holder: string): Promise<void> {
    await this.#database.write(async (tx) => {
      const row = await this.#held(tx, manifestId, holder);
      if (row === undefined) return;
      await set(tx, manifestId, {
        state: "pending",
        holder: null,
        held_until: null,
        attempts: row.attempts - 1,
      });
    });
  }

  /** Whether the image is still this holder's to scan. */
  async holds(tx: Tx, manifestId: number, holder: string): Promise<boolean> {
    return (await this.#held(tx, manifestId, holder)) !== undefined;
  }

  /** Ends the scan in the transaction that stores what came of it; false when the image is another's by now. */
  async finish(tx: Tx, manifestId: number, holder: string): Promise<boolean> {
    if ((await this.#held(tx, manifestId, holder)) === undefined) return false;
    await set(tx, manifestId, { state: "done", holder: null, held_until: null, attempts: 0, failure: null });
    return true;
  }

  /** Forgets one that turned out to be no image. */
  async drop(manifestId: number): Promise<void> {
    await this.#database.write((tx) =>
      tx.deleteFrom("image_scan").where("manifest_id", "=", manifestId).execute(),
    );
  }

  /** How many images wait or are being scanned. */
  async length(): Promise<number> {
    const { count } = await this.#database.read
      .selectFrom("image_scan")
      .select((of) => of.fn.countAll().as("count"))
      .where(open)
      .executeTakeFirstOrThrow();
    return Number(count);
  }

  #held(tx: Tx, manifestId: number, holder: string) {
    return tx
      .selectFrom("image_scan")
      .select("attempts")
      .where("manifest_id", "=", manifestId)
      .where("holder", "=", holder)
      .executeTakeFirst();
  }
}

async function set(tx: Tx, manifestId: number, values: Updateable<ImageScanTable>): Promise<void> {
  await tx.updateTable("image_scan").set(values).where("manifest_id", "=", manifestId).execute();
}

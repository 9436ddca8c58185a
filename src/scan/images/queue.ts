import { type SqlBool, sql, type Updateable } from "kysely";
import { batches, type Database, type ImageScanTable, type Reader, type Tx } from "../../db/index.ts";
import { type Clock, day, indexTypes, minute, second } from "../../kernel/index.ts";
import { readerVersion } from "../inventory/index.ts";

/** How long a process may be silent before another takes its image over. */
const lease = 2 * minute;
/** An image that ended its process, or failed, this often is left to when nothing else waits. */
const maxAttempts = 3;
/** How long an image waits that has failed. */
const pause = 30 * second;
/** The same, of those that are left to later: each time twice as long. */
const shortestPause = 10 * minute;
const longestPause = day;

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
  async add(tx: Tx, manifestId: number, sweep: number | null = null): Promise<void> {
    const now = this.#clock();
    await tx
      .insertInto("image_scan")
      .columns(["manifest_id", "state", "sweep", "requested_at", "attempts"])
      .expression((from) =>
        from
          .selectFrom("manifest")
          .select(["id", sql.lit("pending").as("state"), sql.lit(sweep).as("sweep")])
          .select([sql.lit(now).as("at"), sql.lit(0).as("attempts")])
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
  async request(manifestIds: readonly number[], sweep: number | null = null): Promise<void> {
    for (const ids of batches(manifestIds)) {
      await this.#database.write(async (tx) => {
        for (const id of ids) await this.add(tx, id, sweep);
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
            sweep,
            requested_at: this.#clock(),
            attempts: 0,
            held_until: null,
            failure: null,
          })
          .where("manifest_id", "in", ids)
          .where("state", "in", ["done", "failed", "stopped"])
          .execute();
      });
    }
  }

  /** Takes images that still wait out of the queue. What was found before stands. */
  async stop(manifestIds: readonly number[]): Promise<void> {
    await this.#database.write(async (tx) => {
      for (const ids of batches(manifestIds)) await waiting(tx).where("manifest_id", "in", ids).execute();
    });
  }

  /** The images that an older version of the reader has failed at. */
  async failedBefore(reader: number): Promise<readonly number[]> {
    const rows = await this.#database.read
      .selectFrom("image_scan")
      .select("manifest_id")
      .where("state", "=", "failed")
      .where("tried_by", "<", reader)
      .execute();
    return rows.map(({ manifest_id }) => manifest_id);
  }

  /** Takes the image that has waited longest, else one that has failed a while ago; null when there is none. */
  async take(holder: string): Promise<number | null> {
    const next = await this.#next(this.#database.read);
    if (next === undefined) return null;
    return this.#database.write(async (tx) => {
      const row = await this.#next(tx);
      if (row === undefined) return null;
      const { manifest_id, state, attempts } = row;
      if (state === "running" && attempts >= maxAttempts) {
        await this.#pause(tx, manifest_id, attempts, endedProcesses);
        return null;
      }
      await set(tx, manifest_id, {
        state: "running",
        holder,
        held_until: this.#clock() + lease,
        attempts: attempts + 1,
        tried_by: readerVersion,
      });
      return manifest_id;
    });
  }

  async #next(reader: Reader | Tx) {
    const rows = reader.selectFrom("image_scan").select(["manifest_id", "state", "attempts"]).limit(1);
    const now = this.#clock();
    const waits = await rows
      .where(open)
      .where((of) => of.or([of("held_until", "is", null), of("held_until", "<", now)]))
      .orderBy("requested_at")
      .executeTakeFirst();
    if (waits !== undefined) return waits;
    const failed = rows.where("state", "=", "failed").where("held_until", "<", now);
    return failed.orderBy("held_until").executeTakeFirst();
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

  /** Gives back an image that could not be scanned: it is tried again a while later. */
  async fail(manifestId: number, holder: string, failure: string): Promise<void> {
    await this.#database.write(async (tx) => {
      const row = await this.#held(tx, manifestId, holder);
      if (row !== undefined) await this.#pause(tx, manifestId, row.attempts, failure);
    });
  }

  async #pause(tx: Tx, manifestId: number, attempts: number, failure: string): Promise<void> {
    const now = this.#clock();
    const soon = attempts < maxAttempts;
    const later = Math.min(longestPause, shortestPause * 2 ** (attempts - maxAttempts));
    const held_until = now + (soon ? pause * attempts : later);
    const times = [now, held_until].map((time) => new Date(time).toISOString());
    await set(tx, manifestId, {
      state: soon ? "pending" : "failed",
      holder: null,
      held_until,
      failure: `${failure} It was last tried at ${times[0]}, and will be tried again from ${times[1]} on.`,
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

/** The images that wait are no longer to. */
export function waiting(tx: Tx) {
  return tx
    .updateTable("image_scan")
    .set({ state: "stopped", held_until: null, failure: null })
    .where("state", "=", "pending");
}

async function set(tx: Tx, manifestId: number, values: Updateable<ImageScanTable>): Promise<void> {
  await tx.updateTable("image_scan").set(values).where("manifest_id", "=", manifestId).execute();
}

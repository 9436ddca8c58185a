import { type SqlBool, sql } from "kysely";
import type { Database, ImageScanTable } from "../../db/index.ts";
import { waiting } from "./queue.ts";

/** The images in the queue that a job has asked for, such as a scan of all. */
export class Sweeps {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Takes those that still wait out of the queue. What was found before stands. */
  async stop(sweep: number): Promise<void> {
    await this.#database.write((tx) => waiting(tx).where("sweep", "=", sweep).execute());
  }

  /** Of the images that a job has asked for, how many are in which state. */
  async states(sweep: number): Promise<Readonly<Record<ImageScanTable["state"], number>>> {
    const rows = await this.#database.read
      .selectFrom("image_scan")
      .select((of) => ["state", of.fn.countAll().as("count")])
      .where("sweep", "=", sweep)
      .groupBy("state")
      .execute();
    const states = { pending: 0, running: 0, failed: 0, stopped: 0, done: 0 };
    for (const { state, count } of rows) states[state] = Number(count);
    return states;
  }

  /** Of the images that a job has asked for, those in which nothing was found. */
  async empty(sweep: number): Promise<readonly number[]> {
    const rows = await this.#database.read
      .selectFrom("image_scan")
      .select("manifest_id")
      .where("sweep", "=", sweep)
      .where("state", "=", "done")
      .where(sql<SqlBool>`critical + high + medium + low + negligible + unknown + none = 0`)
      .execute();
    return rows.map(({ manifest_id }) => manifest_id);
  }
}

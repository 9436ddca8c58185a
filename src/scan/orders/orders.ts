import type { Database, Reader, ScanOrderTable, Tx } from "../../db/index.ts";
import { BreakwaterError, type Clock, hour, minute } from "../../kernel/index.ts";
import type { SecretBox } from "../scanners/secret-box.ts";
import type { Order } from "./order.ts";
import type { OrderResult } from "./result.ts";

/** How long a process may be silent before another takes its order over. */
const lease = minute;
const maxAttempts = 3;
/** How long results are kept; the specification leaves it open, and clients fetch them at once. */
const memory = 2 * hour;
/** Orders of one client that are not done. */
const maxOpen = 500;

const diedSeveralTimes = "The process that looked at the image ended in the middle of it, several times.";
const sealedByOther = "The order was sealed with another secret than this installation's. Place it again.";

/** How far an order is. */
export type OrderState =
  | { readonly state: "open" }
  | { readonly state: "failed"; readonly failure: string }
  | { readonly state: "done"; readonly result: OrderResult };

export interface TakenOrder extends Order {
  readonly id: string;
}

/** What other registries have asked the built-in scanner to look at: leased to one process at a time, kept for hours. */
export class Orders {
  readonly #database: Database;
  readonly #clock: Clock;
  readonly #box: SecretBox;

  constructor(database: Database, clock: Clock, box: SecretBox) {
    this.#database = database;
    this.#clock = clock;
    this.#box = box;
  }

  /** Answers the order's id. Throws TOOMANYREQUESTS when too many of the client's are open. */
  async place(requester: string, order: Order): Promise<string> {
    const id = crypto.randomUUID();
    const request = this.#box.seal(id, JSON.stringify(order));
    await this.#database.write(async (tx) => {
      const { count } = await tx
        .selectFrom("scan_order")
        .select((of) => of.fn.countAll().as("count"))
        .where("requester", "=", requester)
        .where("state", "in", ["pending", "running"])
        .executeTakeFirstOrThrow();
      if (Number(count) >= maxOpen) {
        throw new BreakwaterError(
          "TOOMANYREQUESTS",
          `${maxOpen} scans are waiting already; ask again later.`,
          {
            detail: { retryAfter: 60 },
          },
        );
      }
      await tx
        .insertInto("scan_order")
        .values({ id, requester, request, state: "pending", attempts: 0, created_at: this.#clock() })
        .execute();
    });
    return id;
  }

  /** Null for one that there is not, or not any more, or that somebody else has placed. */
  async get(requester: string, id: string): Promise<OrderState | null> {
    const row = await this.#database.read
      .selectFrom("scan_order")
      .select(["state", "failure", "report"])
      .where("id", "=", id)
      .where("requester", "=", requester)
      .executeTakeFirst();
    if (row === undefined) return null;
    if (row.state === "failed") return { state: "failed", failure: row.failure ?? "" };
    if (row.state !== "done" || row.report === null) return { state: "open" };
    const json = new TextDecoder().decode(await Bun.zstdDecompress(row.report));
    return { state: "done", result: JSON.parse(json) as OrderResult };
  }

  /** Takes the order that has waited longest, or whose process has died; null when there is none. */
  async take(holder: string): Promise<TakenOrder | null> {
    if ((await this.#next(this.#database.read)) === undefined) return null;
    return this.#database.write(async (tx) => {
      const row = await this.#next(tx);
      if (row === undefined) return null;
      const { id, attempts } = row;
      const order = this.#open(id, row.request);
      if (order === null || attempts >= maxAttempts) {
        const failure = order === null ? sealedByOther : diedSeveralTimes;
        const finished_at = this.#clock();
        const failed = { state: "failed", failure, holder: null, held_until: null, finished_at } as const;
        await tx.updateTable("scan_order").set(failed).where("id", "=", id).execute();
        return null;
      }
      const taken = {
        state: "running",
        holder,
        held_until: this.#clock() + lease,
        attempts: attempts + 1,
      } as const;
      await tx.updateTable("scan_order").set(taken).where("id", "=", id).execute();
      return { ...order, id };
    });
  }

  /** Null when the installation has another secret by now. */
  #open(id: string, request: Uint8Array): Order | null {
    try {
      return JSON.parse(this.#box.open(id, request)) as Order;
    } catch {
      return null;
    }
  }

  #next(reader: Reader | Tx) {
    return reader
      .selectFrom("scan_order")
      .select(["id", "attempts", "request"])
      .where("state", "in", ["pending", "running"])
      .where((of) => of.or([of("held_until", "is", null), of("held_until", "<", this.#clock())]))
      .orderBy("created_at")
      .limit(1)
      .executeTakeFirst();
  }

  /** A sign of life; false when the order is another process's by now. */
  renew(id: string, holder: string): Promise<boolean> {
    return this.#set(id, holder, { held_until: this.#clock() + lease });
  }

  async finish(id: string, holder: string, result: OrderResult): Promise<void> {
    const report = new Uint8Array(await Bun.zstdCompress(JSON.stringify(result)));
    await this.#set(id, holder, {
      state: "done",
      report,
      holder: null,
      held_until: null,
      finished_at: this.#clock(),
    });
  }

  async fail(id: string, holder: string, failure: string): Promise<void> {
    await this.#set(id, holder, {
      state: "failed",
      failure,
      holder: null,
      held_until: null,
      finished_at: this.#clock(),
    });
  }

  /** Gives an order back, to be begun again by whoever comes first. */
  async release(id: string, holder: string): Promise<void> {
    await this.#set(id, holder, { state: "pending", holder: null, held_until: null, attempts: 0 });
  }

  /** Forgets what is older than two hours; answers how many. */
  async purge(): Promise<number> {
    const { numDeletedRows } = await this.#database.write((tx) =>
      tx
        .deleteFrom("scan_order")
        .where("created_at", "<", this.#clock() - memory)
        .executeTakeFirstOrThrow(),
    );
    return Number(numDeletedRows);
  }

  async #set(id: string, holder: string, values: Partial<ScanOrderTable>): Promise<boolean> {
    const { numUpdatedRows } = await this.#database.write((tx) =>
      tx
        .updateTable("scan_order")
        .set(values)
        .where("id", "=", id)
        .where("holder", "=", holder)
        .where("state", "=", "running")
        .executeTakeFirstOrThrow(),
    );
    return numUpdatedRows > 0n;
  }
}

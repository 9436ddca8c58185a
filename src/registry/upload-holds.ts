import type { Writer } from "../blobs/index.ts";
import type { Database, Tx } from "../db/index.ts";
import { BreakwaterError, type Clock, type Digest, second } from "../kernel/index.ts";

/** How long a process that writes keeps others away without a sign of life. */
const term = 12 * second;
/** How often it gives one, and makes what has arrived resumable. */
const renewEvery = 4 * second;
/** How long another request waits for it: long enough to take over from a process that died. */
const patience = 20 * second;

/** The sole right to write to an upload, across processes. */
export interface UploadHold extends AsyncDisposable, Writer {
  /** Bytes on stable storage; recorded when the hold ends. */
  offset: number;
  readonly checkpointDue: boolean;
  /** The digest that all of its bytes were found to have by a request that did not live to link them. */
  readonly digest: Digest | null;
  /** Records `offset` for a resume after a crash. Throws CONFLICT when the hold was lost. */
  checkpoint(offset: number): Promise<void>;
  /** Throws CONFLICT when the hold was lost: for just before what cannot be taken back. */
  confirm(): Promise<void>;
  /** As `confirm`, for the whole term, within a transaction of the caller's; records `offset` and
   * the digest of the bytes. */
  confirmIn(tx: Tx, digest: Digest): Promise<void>;
  /** Records `offset` and ends the hold. Throws CONFLICT when it was lost. */
  release(): Promise<void>;
}

interface Taken extends Writer, Pick<UploadHold, "offset" | "digest"> {}

export class UploadHolds {
  readonly #database: Database;
  readonly #clock: Clock;

  constructor(database: Database, clock: Clock) {
    this.#database = database;
    this.#clock = clock;
  }

  /** Throws BLOB_UPLOAD_UNKNOWN when the upload has gone, and UNAVAILABLE when another request keeps writing: a balancer
   * may have sent this one once more while the storage keeps the first one waiting. */
  async take(id: string): Promise<UploadHold> {
    const holder = crypto.randomUUID();
    for (const deadline = Date.now() + patience; ; ) {
      const taken = await this.#tryTake(id, holder);
      if (taken !== null) return this.#hold(id, holder, taken);
      if (Date.now() > deadline) {
        throw new BreakwaterError(
          "UNAVAILABLE",
          "Another request is still writing to this upload. Try again; the upload's status tells from where.",
        );
      }
      await Bun.sleep(100);
    }
  }

  async #tryTake(id: string, holder: string): Promise<Taken | null> {
    // Whoever waits only reads, so that many who wait for one upload do not hold up the writers of others.
    const seen = await this.#database.read
      .selectFrom("upload")
      .select("id")
      .where("id", "=", id)
      .where("holder", "is not", null)
      .where("held_until", ">", this.#clock())
      .executeTakeFirst();
    if (seen !== undefined) return null;
    return this.#database.write(async (tx) => {
      const now = this.#clock();
      const upload = await tx
        .selectFrom("upload")
        .select(["offset", "holder", "held_until", "updated_at", "digest"])
        .where("id", "=", id)
        .executeTakeFirst();
      if (upload === undefined) {
        throw new BreakwaterError(
          "BLOB_UPLOAD_UNKNOWN",
          "The upload was finished or cancelled by another request.",
        );
      }
      if (upload.holder !== null && (upload.held_until ?? 0) > now) return null;
      // Counted on from what the row has: the clocks of several machines may differ.
      const fence = Math.max(now, upload.updated_at + 1);
      await tx
        .updateTable("upload")
        .set({ holder, held_until: now + term, updated_at: fence })
        .where("id", "=", id)
        .execute();
      const digest = upload.digest as Digest | null;
      return { offset: upload.offset, digest, fence, takenOver: upload.holder !== null };
    });
  }

  #hold(id: string, holder: string, { offset, digest, fence, takenOver }: Taken): UploadHold {
    const database = this.#database;
    const clock = this.#clock;
    let heldUntil = clock() + term;
    let due = false;
    let ended = false;

    interface Values {
      readonly offset?: number;
      readonly holder?: null;
      readonly digest?: Digest;
      readonly held_until: number | null;
    }

    async function setIn(tx: Tx, values: Values): Promise<boolean> {
      const { numUpdatedRows } = await tx
        .updateTable("upload")
        .set({ ...values, updated_at: Math.max(clock(), fence) })
        .where("id", "=", id)
        .where("holder", "=", holder)
        .executeTakeFirstOrThrow();
      return numUpdatedRows > 0n;
    }

    const set = (values: Values) => database.write((tx) => setIn(tx, values));

    async function renew(offset?: number): Promise<void> {
      const until = clock() + term;
      if (!(await set({ held_until: until, ...(offset === undefined ? {} : { offset }) }))) throw lost();
      heldUntil = until;
    }

    // By a timer of its own: a client that stalls must not make its upload look abandoned.
    const timer = setInterval(() => {
      due = true;
      renew().catch(() => {});
    }, renewEvery);

    return {
      offset,
      digest,
      fence,
      takenOver,
      get checkpointDue() {
        return due;
      },
      async checkpoint(reached) {
        due = false;
        await renew(reached);
        this.offset = reached;
      },
      async confirm() {
        if (heldUntil - clock() < term / 2) await renew();
      },
      async confirmIn(tx, digest) {
        if (!(await setIn(tx, { held_until: clock() + term, offset: this.offset, digest }))) throw lost();
      },
      async release() {
        clearInterval(timer);
        ended = true;
        if (!(await set({ offset: this.offset, holder: null, held_until: null }))) throw lost();
      },
      async [Symbol.asyncDispose]() {
        clearInterval(timer);
        if (!ended) await set({ offset: this.offset, holder: null, held_until: null });
      },
    };
  }
}

function lost(): BreakwaterError {
  return new BreakwaterError(
    "CONFLICT",
    "Another request has taken this upload over. Ask for the upload's status, and go on from there.",
  );
}

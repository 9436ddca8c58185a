import { mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Database, Tx } from "../../db/index.ts";
import { type Clock, isRefusal } from "../../kernel/index.ts";
import type { DatabaseManifest } from "../vulndb/advisory.ts";
import { type Lease, takeLease } from "./lease.ts";
import { type Pointer, readPointer, setPointerIn } from "./pointer.ts";
import type { Shelf } from "./shelf.ts";

/** The manifest of a database's file. Throws when this program cannot read it. */
export type Inspect = (file: string) => Promise<DatabaseManifest>;

export interface ExchangeOptions {
  readonly database: Database;
  readonly shelf: Shelf;
  readonly clock: Clock;
  /** This process, for people: who else wants to exchange the database is told. */
  readonly who: string;
  readonly inspect: Inspect;
}

/** A compiled database that may take the place of the one before. */
export interface Candidate {
  readonly file: string;
  readonly manifest: DatabaseManifest;
}

/** The database that holds, and where it lies on this machine. */
export interface Standing extends Candidate {
  readonly pointer: Pointer;
}

/** Where work lies that is under way; whoever has the lease finds only what others left. */
const workPrefix = "work-";

/** The one way to exchange the vulnerability database; one process at a time goes it. */
export class Exchange {
  readonly #options: ExchangeOptions;

  constructor(options: ExchangeOptions) {
    this.#options = options;
  }

  /** Waits up to `patience` milliseconds for its turn. Throws CONFLICT while another process is at it. */
  async begin(patience: number, signal: AbortSignal): Promise<Turn> {
    const { database, clock, who, shelf } = this.#options;
    const lease = await takeLease(database, clock, who, patience);
    try {
      await mkdir(shelf.folder, { recursive: true });
      for (const name of await readdir(shelf.folder)) {
        if (name.startsWith(workPrefix)) await rm(join(shelf.folder, name), { recursive: true, force: true });
      }
      const folder = join(shelf.folder, `${workPrefix}${crypto.randomUUID()}`);
      await mkdir(folder);
      return new Turn(this.#options, lease, folder, signal);
    } catch (error) {
      await lease[Symbol.asyncDispose]();
      throw error;
    }
  }
}

/** A turn to exchange the database. */
export class Turn implements AsyncDisposable {
  readonly #options: ExchangeOptions;
  readonly #lease: Lease;
  /** For files under way. */
  readonly folder: string;
  /** Aborted when the work is to end. */
  readonly signal: AbortSignal;

  constructor(options: ExchangeOptions, lease: Lease, folder: string, signal: AbortSignal) {
    this.#options = options;
    this.#lease = lease;
    this.folder = folder;
    this.signal = AbortSignal.any([signal, lease.signal]);
  }

  /** The database that holds; null where there is none, or none that can still be read. */
  async standing(): Promise<Standing | null> {
    const { database, shelf, inspect } = this.#options;
    const pointer = await readPointer(database.read);
    if (pointer === null) return null;
    try {
      const file = await shelf.fetch(pointer);
      return { pointer, file, manifest: await inspect(file) };
    } catch (error) {
      // Lost, damaged, or of another version of the program: it is made anew from its feeds.
      if (isRefusal(error, "FEED_INVALID")) return null;
      throw error;
    }
  }

  /**
   * Puts the candidate, where there is one, into the place of what stands, and records what came of it, all in one
   * transaction; answers whether it did. Throws CONFLICT when the lease was lost meanwhile.
   */
  async end(
    standing: Standing | null,
    candidate: Candidate | null,
    record: (tx: Tx) => Promise<void>,
  ): Promise<boolean> {
    const { database, shelf, clock } = this.#options;
    this.signal.throwIfAborted();
    if (candidate === null || candidate.manifest.version === standing?.pointer.version) {
      await database.write(async (tx) => {
        await this.#lease.confirmIn(tx);
        await record(tx);
      });
      return false;
    }
    const { manifest } = candidate;
    const { version } = manifest;
    const stored = await shelf.put(candidate.file, version);
    this.signal.throwIfAborted();
    await database.write(async (tx) => {
      await this.#lease.confirmIn(tx);
      await setPointerIn(tx, { version, ...stored, since: clock(), manifest });
      await record(tx);
    });
    // It is done; what is not swept now, the next one sweeps.
    await this.#sweep().catch(() => {});
    return true;
  }

  /** The lease may have been lost by now, and another database hold: that one is not to go. */
  async #sweep(): Promise<void> {
    const { database, shelf, clock } = this.#options;
    const pointer = await readPointer(database.read);
    if (pointer !== null) await shelf.sweep(pointer.version, clock());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
    await this.#lease[Symbol.asyncDispose]();
  }
}

import type { Database, Version } from "../../db/index.ts";
import { type Clock, minute } from "../../kernel/index.ts";
import { readPointer } from "./pointer.ts";
import type { Shelf } from "./shelf.ts";

/** A database that could not be had is asked for again after this. */
const pause = minute;

export interface CurrentOptions<T> {
  readonly database: Database;
  readonly shelf: Shelf;
  readonly clock: Clock;
  /** Opens a compiled database. It closes by itself when nobody holds it any more. */
  readonly open: (file: string) => T | Promise<T>;
}

/** The vulnerability database as this process has it open. */
export class CurrentDatabase<T> {
  readonly #options: CurrentOptions<T>;
  #open: { readonly version: string; readonly sha256: string; readonly database: T } | null = null;
  #seen: Version | null = null;
  #notBefore = 0;
  #refreshing: Promise<void> | null = null;

  constructor(options: CurrentOptions<T>) {
    this.#options = options;
  }

  /**
   * The one that was current at the last `refresh`; null while there is none. Whoever works with it goes on with it
   * when another takes its place.
   */
  current(): T | null {
    return this.#open?.database ?? null;
  }

  /**
   * Looks whether another database holds, and opens it. Costs nothing while nothing was committed. Throws FEED_INVALID
   * or UNAVAILABLE when it cannot be had; the one before stays.
   */
  refresh(): Promise<void> {
    this.#refreshing ??= this.#refresh().finally(() => {
      this.#refreshing = null;
    });
    return this.#refreshing;
  }

  async #refresh(): Promise<void> {
    const { database, shelf, clock, open } = this.#options;
    const now = await database.version();
    if (now === this.#seen || clock() < this.#notBefore) return;
    const pointer = await readPointer(database.read);
    if (pointer !== null && pointer.sha256 !== this.#open?.sha256) {
      try {
        const { version, sha256 } = pointer;
        this.#open = { version, sha256, database: await open(await shelf.fetch(pointer)) };
        await shelf.tidy(version);
      } catch (error) {
        this.#notBefore = clock() + pause;
        throw error;
      }
    }
    this.#seen = now;
  }
}

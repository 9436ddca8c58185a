import { Lru, type Soon, soon } from "../kernel/index.ts";
import type { Database, Version } from "./database.ts";

interface Known<V> {
  /** The database's version from before the value was read. */
  readonly version: Version;
  readonly value: V;
}

/** What was read from the database, and is believed until anything has been committed there. */
export class Believed<K, V> {
  readonly #database: Database;
  readonly #known: Lru<K, Known<V>>;

  /** Keeps values of at most so much weight; each weighs 1 unless `weigh` says otherwise. */
  constructor(database: Database, capacity: number, weigh: (value: V) => number = () => 1) {
    this.#database = database;
    this.#known = new Lru(capacity, ({ value }) => weigh(value));
  }

  /**
   * At once what `read` has answered before, when nothing has changed since and it still `holds`. `read` is given what
   * it answered last, if that is still there.
   */
  get(key: K, read: (before: V | undefined) => Promise<V>, holds: (value: V) => boolean = always): Soon<V> {
    return soon(this.#database.version(), (version) => {
      const known = this.#known.get(key);
      if (known?.version === version && holds(known.value)) return known.value;
      return this.#read(key, read(known?.value), version);
    });
  }

  async #read(key: K, reading: Promise<V>, version: Version): Promise<V> {
    const value = await reading;
    this.#known.set(key, { version, value });
    return value;
  }
}

function always(): boolean {
  return true;
}

import type { Link, ObjectStore } from "../blobs/index.ts";
import type { Database, Tx } from "../db/index.ts";
import { linkKey, targetOf } from "./fsck/link.ts";

export type RemoveLink = (link: Link) => Promise<void>;

/**
 * Removes links from the storage with what they stand for. That cannot wait until the transaction is committed, or the
 * links would not change in the order in which the database does. But it may be undone, for its commit failed, and made
 * again, when it need not come to the same: links that were removed for nothing are written anew then.
 */
export class LinkRemoval {
  readonly #database: Database;
  readonly #objects: ObjectStore;

  constructor(database: Database, objects: ObjectStore) {
    this.#database = database;
    this.#objects = objects;
  }

  /** As `Database.write`. `remove` removes a link in the transaction that it is part of. */
  async write<T>(work: (tx: Tx, remove: RemoveLink) => Promise<T>): Promise<T> {
    const removed = new Map<string, Link>();
    let undone = false;
    try {
      const result = await this.#database.write((tx) => {
        undone = removed.size > 0;
        return work(tx, async (link) => {
          removed.set(linkKey(link), link);
          await this.#objects.remove(linkKey(link));
        });
      });
      if (!undone) removed.clear();
      return result;
    } finally {
      // What cannot be written now, a repair writes.
      if (removed.size > 0) await this.#restore([...removed.values()]).catch(() => {});
    }
  }

  /** As the database has them by now. */
  #restore(links: readonly Link[]): Promise<void> {
    return this.#database.write(async (tx) => {
      for (const link of links) {
        const target = await targetOf(tx, link);
        if (target?.required) await this.#objects.put(linkKey(link), target.digest);
      }
    });
  }
}

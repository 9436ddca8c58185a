import type { Database } from "../db/index.ts";
import type { Caller } from "../kernel/index.ts";
import type { Journal } from "./journal.ts";
import type { MetadataStore } from "./store.ts";

/**
 * Deletes all metadata of exactly that GUN; nothing where there is none. The server's keys stay: a client that
 * published before may do so again with the same root (the contract, section 5).
 */
export async function deleteTrustData(
  database: Database,
  store: MetadataStore,
  journal: Journal,
  caller: Caller,
  gun: string,
): Promise<void> {
  await database.write(async (tx) => {
    if (await store.remove(tx, gun)) await journal.deleted(tx, gun, caller);
  });
}

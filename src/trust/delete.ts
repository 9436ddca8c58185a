import type { Database, Tx } from "../db/index.ts";
import type { Caller } from "../kernel/index.ts";
import type { GunNames } from "./guns.ts";
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

/**
 * Deletes all metadata of a project's repositories: what people who have no say any more have signed is not to decide in
 * another project of that name.
 */
export async function deleteOfProject(
  tx: Tx,
  names: GunNames,
  store: MetadataStore,
  journal: Journal,
  caller: Caller,
  project: string,
): Promise<void> {
  for (const gun of await store.gunsBelow(tx, names.gunsOf(project))) {
    await store.remove(tx, gun);
    await journal.deleted(tx, gun, caller);
  }
}

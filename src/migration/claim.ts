import { blobsPrefix, type ObjectStore, repositoriesPrefix } from "../blobs/index.ts";
import type { Database, Reader, Table } from "../db/index.ts";
import { BreakwaterError } from "../kernel/index.ts";
import { lastKey } from "./rows.ts";

/** The row by which a target says that it is being filled, and from where. */
const marker = "migration.source";

export interface Target {
  readonly database: Database;
  readonly objects: ObjectStore;
}

/**
 * Makes an empty place the target of a copy of `source`, or goes on with one that a run before this has begun;
 * answers whether it does. Throws CONFLICT where anything else lies there.
 */
export async function claimTarget(
  { database, objects }: Target,
  tables: readonly Table[],
  source: string,
  sharedStorage: boolean,
): Promise<boolean> {
  const begun = await sourceOf(database.read);
  if (begun === source) return true;
  if (begun !== null) {
    throw new BreakwaterError(
      "CONFLICT",
      `The target holds an unfinished copy of another installation (${begun}). Finish that one, or empty the target.`,
    );
  }
  for (const table of tables) {
    if ((await lastKey(database.read, table)) === null) continue;
    throw new BreakwaterError(
      "CONFLICT",
      `The target's database holds a registry already (there are rows in ${table.name}). Name a database that is empty: two registries cannot be joined.`,
    );
  }
  if (!sharedStorage) await requireEmpty(objects);
  await database.write((tx) => tx.insertInto("setting").values({ name: marker, value: source }).execute());
  return false;
}

async function requireEmpty(objects: ObjectStore): Promise<void> {
  for (const prefix of [repositoriesPrefix, blobsPrefix]) {
    for await (const { key } of objects.list(prefix)) {
      throw new BreakwaterError(
        "CONFLICT",
        `The target's storage holds images already (${key}). Name a folder or a bucket that is empty.`,
      );
    }
  }
}

/** From now on the target may be served. */
export async function releaseTarget({ database }: Pick<Target, "database">): Promise<void> {
  await database.write((tx) => tx.deleteFrom("setting").where("name", "=", marker).execute());
}

/** Throws PRECONDITION while a database is the target of a copy that has not been finished: images would be missing. */
export async function requireWhole(read: Reader): Promise<void> {
  const source = await sourceOf(read);
  if (source === null) return;
  throw new BreakwaterError(
    "PRECONDITION",
    `This is an unfinished copy of another installation (${source}). Run "breakwater migrate" again until it says that the copy is whole.`,
  );
}

async function sourceOf(read: Reader): Promise<string | null> {
  const row = await read.selectFrom("setting").select("value").where("name", "=", marker).executeTakeFirst();
  return row?.value ?? null;
}

import type { Reader, Tx } from "../../db/index.ts";
import type { DatabaseManifest } from "../vulndb/advisory.ts";

const name = "scan.vulndb";

/** Which vulnerability database holds: the one row by which it is exchanged. */
export interface Pointer {
  /** The manifest's. */
  readonly version: string;
  /** Of the SQLite file, in hexadecimal. */
  readonly sha256: string;
  /** Bytes of that file. */
  readonly size: number;
  /** Milliseconds since 1970. */
  readonly since: number;
  readonly manifest: DatabaseManifest;
}

/** Null before the first. */
export async function readPointer(read: Pick<Reader | Tx, "selectFrom">): Promise<Pointer | null> {
  const row = await read.selectFrom("setting").select("value").where("name", "=", name).executeTakeFirst();
  return row === undefined ? null : (JSON.parse(row.value) as Pointer);
}

export async function setPointerIn(tx: Tx, pointer: Pointer): Promise<void> {
  const value = JSON.stringify(pointer);
  await tx
    .insertInto("setting")
    .values({ name, value })
    .onConflict((conflict) => conflict.column("name").doUpdateSet({ value }))
    .execute();
}

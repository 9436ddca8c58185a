import type { Reader, Tx } from "../../db/index.ts";
import type { DatabaseManifest, FeedManifest } from "../vulndb/advisory.ts";

const setting = "scan.matched";

/**
 * The vulnerability database that all findings come from: one that is newer counts from when the last identity was
 * matched with it, so that no report is said to be newer than it is.
 */
export interface Matched {
  readonly manifest: DatabaseManifest;
  /** When that was done. */
  readonly at: number;
}

/** What reports say of the data that they were made from. */
export interface MatchedData {
  /** Null until something was matched for the first time. */
  readonly matched: Matched | null;
  readonly lookedAt: (feed: FeedManifest) => number;
}

/** The text that was last read, and what it says: it is large, and seldom another. */
let last: { readonly text: string; readonly matched: Matched } | null = null;

export async function readMatched(reader: Reader | Tx): Promise<Matched | null> {
  const row = await reader
    .selectFrom("setting")
    .select("value")
    .where("name", "=", setting)
    .executeTakeFirst();
  if (row === undefined) return null;
  if (last?.text !== row.value) last = { text: row.value, matched: JSON.parse(row.value) as Matched };
  return last.matched;
}

export async function readMatchedData(reader: Reader): Promise<MatchedData> {
  const matched = await readMatched(reader);
  const rows = await reader.selectFrom("feed").select(["name", "last_success_at"]).execute();
  const looks = new Map(rows.map(({ name, last_success_at }) => [name, last_success_at ?? 0]));
  return {
    matched,
    lookedAt: ({ name, fetchedAt }) => Math.max(fetchedAt, looks.get(name) ?? 0),
  };
}

export async function writeMatched(tx: Tx, matched: Matched): Promise<void> {
  const value = JSON.stringify(matched);
  await tx
    .insertInto("setting")
    .values({ name: setting, value })
    .onConflict((conflict) => conflict.column("name").doUpdateSet({ value }))
    .execute();
}

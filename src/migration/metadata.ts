import { type Database, readCounters, setCounters, type Table } from "../db/index.ts";
import { BreakwaterError } from "../kernel/index.ts";
import { clearTable, fingerprint, insertRows, lastKey, pagesOf } from "./rows.ts";

/** Told how far it is, in words for a person. */
export type Progress = (text: string) => void;

/**
 * Copies all rows, ids and all, and compares both sides afterwards, row by row. A run that goes on behind another
 * cannot know whether rows that were copied then have changed since; where the comparison shows it, everything is
 * copied anew. Answers the number of rows. Throws CONFLICT when the source keeps changing.
 */
export async function copyMetadata(
  from: Database,
  to: Database,
  tables: readonly Table[],
  goesOn: boolean,
  progress: Progress,
): Promise<number> {
  for (let again = goesOn; ; again = false) {
    for (const table of tables) await copyTable(from, to, table, progress);
    await setCounters(to, await readCounters(from));
    const { rows, different } = await compare(from, to, tables, progress);
    if (different === null) return rows;
    if (!again) {
      throw new BreakwaterError(
        "CONFLICT",
        `The source was changed while it was copied (${different}). Stop every process that serves it, then run this again.`,
      );
    }
    await to.write(async (tx) => {
      for (const table of tables.toReversed()) await clearTable(tx, table);
    });
  }
}

async function copyTable(from: Database, to: Database, table: Table, progress: Progress): Promise<void> {
  let copied = 0;
  for await (const rows of pagesOf(from.read, table, await lastKey(to.read, table))) {
    await insertRows(to, table, rows);
    copied += rows.length;
    progress(`metadata: ${table.name}, ${copied} rows`);
  }
}

/** `different` names the first table whose rows are not the same on both sides. */
async function compare(
  from: Database,
  to: Database,
  tables: readonly Table[],
  progress: Progress,
): Promise<{ readonly rows: number; readonly different: string | null }> {
  let rows = 0;
  for (const table of tables) {
    progress(`metadata: comparing ${table.name}`);
    const [here, there] = await Promise.all([fingerprint(from.read, table), fingerprint(to.read, table)]);
    if (here.sha256 !== there.sha256) return { rows, different: table.name };
    rows += here.rows;
  }
  const counters = await readCounters(to);
  for (const [table, last] of await readCounters(from)) {
    if (counters.get(table) !== last) return { rows, different: table };
  }
  return { rows, different: null };
}

import type { Reader, Tx } from "../../db/index.ts";
import type { Scope, Suspicion } from "./check.ts";
import { miscounted, misdated } from "./counters.ts";
import { type IdRange, idRanges } from "./pages.ts";

/** `blob.links` is how many repositories link the blob; since when none does is noted exactly then. */
export async function* blobLinks(scope: Scope): AsyncIterable<Suspicion> {
  for await (const range of idRanges(scope.read, "blob", 5000)) {
    for (const row of await count(scope.read, range)) {
      if (isWrong(row)) yield lookAt(scope, row.id);
    }
  }
}

function count(db: Reader | Tx, { from, to }: IdRange) {
  return db
    .selectFrom("blob")
    .select(["id", "digest", "links", "orphaned_at"])
    .select((of) =>
      of
        .selectFrom("repository_blob")
        .select((link) => link.fn.countAll<number>().as("counted"))
        .whereRef("repository_blob.blob_id", "=", "blob.id")
        .as("counted"),
    )
    .where("id", ">=", from)
    .where("id", "<=", to)
    .execute();
}

function isWrong(row: { links: number; orphaned_at: number | null; counted: number | null }): boolean {
  return row.links !== Number(row.counted) || misdated(row.orphaned_at, row.links);
}

function lookAt(scope: Scope, id: number): Suspicion {
  return async (tx) => {
    const [row] = await count(tx, { from: id, to: id });
    if (row === undefined || !isWrong(row)) return null;
    const counted = Number(row.counted);
    const miscount = {
      subject: row.digest,
      what: "repositories that link the blob",
      noted: row.links,
      counted,
    };
    return miscounted(miscount, (tx) =>
      tx
        .updateTable("blob")
        .set({ links: counted, orphaned_at: counted > 0 ? null : scope.now() })
        .where("id", "=", id)
        .execute(),
    );
  };
}

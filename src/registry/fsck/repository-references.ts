import { sql } from "kysely";
import type { Reader, Tx } from "../../db/index.ts";
import type { Scope, Suspicion } from "./check.ts";
import { miscounted } from "./counters.ts";
import { type IdRange, idRanges } from "./pages.ts";

interface Row {
  readonly repository_id: number;
  readonly blob_id: number;
  readonly refs: number;
  readonly counted: number;
}

/** `repository_blob.refs` is how many manifests of the repository name the blob; so is since when none does. */
export async function* repositoryReferences(scope: Scope): AsyncIterable<Suspicion> {
  for await (const range of idRanges(scope.read, "blob", 1000)) {
    for (const row of await wrong(scope.read, range)) yield lookAt(scope, row);
  }
}

/** Counts all references to a range of blobs at once: a blob that many images share is gone through once. */
async function wrong(db: Reader | Tx, { from, to }: IdRange, repositoryId?: number): Promise<readonly Row[]> {
  const only = (column: string) =>
    repositoryId === undefined ? sql`` : sql`and ${sql.ref(column)} = ${repositoryId}`;
  const { rows } = await sql<Row>`
    select link.repository_id, link.blob_id, link.refs, coalesce(actual.counted, 0) as counted
    from repository_blob as link
    left join (
      select manifest.repository_id, manifest_blob.blob_id, count(*) as counted
      from manifest_blob
      inner join manifest on manifest.id = manifest_blob.manifest_id
      where manifest_blob.blob_id between ${from} and ${to} ${only("manifest.repository_id")}
      group by manifest.repository_id, manifest_blob.blob_id
    ) as actual on actual.repository_id = link.repository_id and actual.blob_id = link.blob_id
    where link.blob_id between ${from} and ${to} ${only("link.repository_id")}
      and (link.refs <> coalesce(actual.counted, 0) or (link.orphaned_at is null) <> (link.refs > 0))
  `.execute(db);
  return rows;
}

function lookAt(scope: Scope, seen: Row): Suspicion {
  return async (tx) => {
    const range = { from: seen.blob_id, to: seen.blob_id };
    const [row] = await wrong(tx, range, seen.repository_id);
    if (row === undefined) return null;
    const counted = Number(row.counted);
    const { name, digest } = await tx
      .selectFrom("repository_blob")
      .innerJoin("repository", "repository.id", "repository_blob.repository_id")
      .innerJoin("blob", "blob.id", "repository_blob.blob_id")
      .select(["repository.name", "blob.digest"])
      .where("repository_id", "=", row.repository_id)
      .where("blob_id", "=", row.blob_id)
      .executeTakeFirstOrThrow();
    const subject = `${name}@${digest}`;
    return miscounted({ subject, what: "manifests that name the blob", noted: row.refs, counted }, (tx) =>
      tx
        .updateTable("repository_blob")
        .set({ refs: counted, orphaned_at: counted > 0 ? null : scope.now() })
        .where("repository_id", "=", row.repository_id)
        .where("blob_id", "=", row.blob_id)
        .execute(),
    );
  };
}

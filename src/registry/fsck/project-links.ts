import { sql } from "kysely";
import type { Reader, Tx } from "../../db/index.ts";
import type { Scope, Suspicion } from "./check.ts";
import { miscounted } from "./counters.ts";
import { type IdRange, idRanges } from "./pages.ts";

interface Row {
  readonly project_id: number;
  readonly blob_id: number;
  readonly noted: number;
  readonly counted: number;
}

/** `project_blob.links` is how many of the project's repositories link the blob; where none does there is no row. */
export async function* projectLinks(scope: Scope): AsyncIterable<Suspicion> {
  for await (const range of idRanges(scope.read, "blob", 1000)) {
    for (const row of await wrong(scope.read, range)) yield lookAt(row);
  }
}

async function wrong(db: Reader | Tx, { from, to }: IdRange): Promise<readonly Row[]> {
  const { rows } = await sql<Row>`
    select project_id, blob_id, sum(noted) as noted, sum(counted) as counted
    from (
      select project_id, blob_id, links as noted, 0 as counted
      from project_blob
      where blob_id between ${from} and ${to}
      union all
      select repository.project_id, repository_blob.blob_id, 0, 1
      from repository_blob
      inner join repository on repository.id = repository_blob.repository_id
      where repository_blob.blob_id between ${from} and ${to}
    ) as both_sides
    group by project_id, blob_id
    having sum(noted) <> sum(counted)
  `.execute(db);
  return rows;
}

function lookAt(seen: Row): Suspicion {
  return async (tx) => {
    const rows = await wrong(tx, { from: seen.blob_id, to: seen.blob_id });
    const row = rows.find(({ project_id }) => project_id === seen.project_id);
    if (row === undefined) return null;
    const project = await tx
      .selectFrom("project")
      .select("name")
      .where("id", "=", row.project_id)
      .executeTakeFirst();
    const blob = await tx
      .selectFrom("blob")
      .select("digest")
      .where("id", "=", row.blob_id)
      .executeTakeFirst();
    const miscount = {
      subject: `${blob?.digest} in project ${project?.name}`,
      what: "the project's repositories that link the blob",
      noted: Number(row.noted),
      counted: Number(row.counted),
    };
    return miscounted(miscount, (tx) => set(tx, row));
  };
}

async function set(tx: Tx, { project_id, blob_id, counted }: Row): Promise<void> {
  const links = Number(counted);
  if (links === 0) {
    await tx
      .deleteFrom("project_blob")
      .where("project_id", "=", project_id)
      .where("blob_id", "=", blob_id)
      .execute();
    return;
  }
  await tx
    .insertInto("project_blob")
    .values({ project_id, blob_id, links })
    .onConflict((conflict) => conflict.columns(["project_id", "blob_id"]).doUpdateSet({ links }))
    .execute();
}

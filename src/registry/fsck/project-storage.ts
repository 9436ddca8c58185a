import type { Reader, Tx } from "../../db/index.ts";
import type { Scope, Suspicion } from "./check.ts";
import { idRanges } from "./pages.ts";

/** `project.storage_used` is the bytes of the distinct blobs that the project's repositories link. */
export async function* projectStorage(scope: Scope): AsyncIterable<Suspicion> {
  for await (const { from, to } of idRanges(scope.read, "project", 100)) {
    const rows = await scope.read
      .selectFrom("project")
      .select("id")
      .where("id", ">=", from)
      .where("id", "<=", to)
      .execute();
    for (const { id } of rows) {
      scope.examined("projects", 1);
      if ((await compare(scope.read, id)) !== null) yield lookAt(id);
    }
  }
}

/** Null when it is right. */
async function compare(db: Reader | Tx, id: number) {
  const project = await db
    .selectFrom("project")
    .select(["name", "storage_used"])
    .where("id", "=", id)
    .executeTakeFirst();
  const { bytes } = await db
    .selectFrom("blob")
    .select((of) => of.fn.sum<number | null>("size").as("bytes"))
    .where("id", "in", (from) =>
      from
        .selectFrom("repository_blob")
        .innerJoin("repository", "repository.id", "repository_blob.repository_id")
        .select("repository_blob.blob_id")
        .where("repository.project_id", "=", id),
    )
    .executeTakeFirstOrThrow();
  const counted = Number(bytes ?? 0);
  return project === undefined || project.storage_used === counted ? null : { ...project, counted };
}

function lookAt(id: number): Suspicion {
  return async (tx) => {
    const row = await compare(tx, id);
    if (row === null) return null;
    return {
      finding: {
        kind: "counter",
        severity: "drift",
        subject: row.name,
        message: `The project ${row.name} holds ${row.counted} bytes, and is charged for ${row.storage_used}. Its quota is enforced wrongly.`,
        remedy: "A repair counts anew.",
        bytes: Math.abs(row.storage_used - row.counted),
      },
      repair: async (tx) => {
        await tx.updateTable("project").set({ storage_used: row.counted }).where("id", "=", id).execute();
        return true;
      },
    };
  };
}

import type { Reader, Tx } from "../../db/index.ts";
import { selectMisjudged, settle } from "../standing.ts";
import type { Scope, Suspicion } from "./check.ts";
import { idRanges } from "./pages.ts";

/** `manifest.tagged` and `manifest.listed` are as tags, indexes and subjects have it. */
export async function* manifestStanding(scope: Scope): AsyncIterable<Suspicion> {
  for await (const { from, to } of idRanges(scope.read, "manifest", 1000)) {
    const rows = await selectMisjudged(scope.read)
      .where("manifest.id", ">=", from)
      .where("manifest.id", "<=", to)
      .execute();
    for (const { id } of rows) yield lookAt(id);
  }
}

function lookAt(id: number): Suspicion {
  return async (tx) => {
    const row = await selectMisjudged(tx).where("manifest.id", "=", id).executeTakeFirst();
    if (row === undefined) return null;
    return {
      finding: {
        kind: "manifest-standing",
        severity: "drift",
        subject: `${row.name}@${row.digest}`,
        message: `${row.name}@${row.digest} is not noted as what it is: tagged or not, part of another or not. Lists leave it out, or a collection of untagged artifacts could take it.`,
        remedy: "A repair looks at its tags, indexes and subject anew.",
        bytes: 0,
      },
      repair: async (tx) => {
        await settle(tx, row.repository_id, [id]);
        return true;
      },
    };
  };
}

/** `repository.artifact_count` is how many of its manifests are listed. */
export async function* artifactCounts(scope: Scope): AsyncIterable<Suspicion> {
  for await (const { from, to } of idRanges(scope.read, "repository", 100)) {
    const rows = await counts(scope.read).where("id", ">=", from).where("id", "<=", to).execute();
    for (const row of rows) if (row.artifact_count !== Number(row.counted)) yield countAgain(row.id);
  }
}

function counts(db: Reader | Tx) {
  return db.selectFrom("repository").select((of) => [
    "id",
    "name",
    "artifact_count",
    of
      .selectFrom("manifest")
      .select((all) => all.fn.countAll<number | string>().as("counted"))
      .whereRef("manifest.repository_id", "=", "repository.id")
      .where("manifest.listed", "=", 1)
      .as("counted"),
  ]);
}

function countAgain(id: number): Suspicion {
  return async (tx) => {
    const row = await counts(tx).where("id", "=", id).executeTakeFirst();
    const counted = Number(row?.counted ?? 0);
    if (row === undefined || row.artifact_count === counted) return null;
    return {
      finding: {
        kind: "counter",
        severity: "drift",
        subject: row.name,
        message: `The repository ${row.name} lists ${counted} artifacts, and says that it has ${row.artifact_count}.`,
        remedy: "A repair counts anew.",
        bytes: 0,
      },
      repair: async (tx) => {
        await tx.updateTable("repository").set({ artifact_count: counted }).where("id", "=", id).execute();
        return true;
      },
    };
  };
}

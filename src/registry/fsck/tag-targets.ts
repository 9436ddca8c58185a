import type { Tx } from "../../db/index.ts";
import type { Scope, Suspicion } from "./check.ts";
import { idRanges } from "./pages.ts";

/** Each tag points to a manifest of its own repository. */
export async function* tagTargets(scope: Scope): AsyncIterable<Suspicion> {
  for await (const { from, to } of idRanges(scope.read, "tag", 5000)) {
    const range = scope.read.selectFrom("tag").where("tag.id", ">=", from).where("tag.id", "<=", to);
    const { count } = await range.select((of) => of.fn.countAll().as("count")).executeTakeFirstOrThrow();
    scope.examined("tags", Number(count));
    const rows = await misled(scope.read).where("tag.id", ">=", from).where("tag.id", "<=", to).execute();
    for (const { id } of rows) yield lookAt(id);
  }
}

function misled(db: Pick<Tx, "selectFrom">) {
  return db
    .selectFrom("tag")
    .innerJoin("repository", "repository.id", "tag.repository_id")
    .leftJoin("manifest", "manifest.id", "tag.manifest_id")
    .select(["tag.id", "tag.name", "tag.repository_id", "repository.name as repository", "manifest.digest"])
    .where((of) =>
      of.or([of("manifest.id", "is", null), of("manifest.repository_id", "!=", of.ref("tag.repository_id"))]),
    );
}

function lookAt(id: number): Suspicion {
  return async (tx) => {
    const row = await misled(tx).where("tag.id", "=", id).executeTakeFirst();
    if (row === undefined) return null;
    const own =
      row.digest === null
        ? undefined
        : await tx
            .selectFrom("manifest")
            .select("id")
            .where("repository_id", "=", row.repository_id)
            .where("digest", "=", row.digest)
            .executeTakeFirst();
    return {
      finding: {
        kind: "tag-target",
        severity: "damage",
        subject: `${row.repository}:${row.name}`,
        message: `The tag ${row.repository}:${row.name} points to ${row.digest === null ? "a manifest that does not exist" : `${row.digest}, which is another repository's`}. It cannot be pulled.`,
        remedy:
          own === undefined
            ? "Push the tag again, or delete it."
            : "A repair points it to the same manifest in its own repository.",
        bytes: 0,
      },
      repair:
        own === undefined
          ? null
          : async (tx) => {
              await tx.updateTable("tag").set({ manifest_id: own.id }).where("id", "=", id).execute();
              return true;
            },
    };
  };
}

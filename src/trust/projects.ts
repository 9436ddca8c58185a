import type { Tx } from "../db/index.ts";
import { projectOf, type RepositoryName } from "../kernel/index.ts";

/** The id of the project whose audit log a repository's records belong to; null when there is none. */
export async function projectIdOf(tx: Tx, repository: RepositoryName): Promise<number | null> {
  const project = await tx
    .selectFrom("project")
    .select("id")
    .where("name", "=", projectOf(repository))
    .executeTakeFirst();
  return project?.id ?? null;
}

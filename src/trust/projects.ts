import { statement, type Tx } from "../db/index.ts";
import { projectOf, type RepositoryName } from "../kernel/index.ts";

/** The id of the project whose audit log a repository's records belong to; null when there is none. */
export async function projectIdOf(tx: Tx, repository: RepositoryName): Promise<number | null> {
  const [project] = await selectProject(tx, { name: projectOf(repository) });
  return project?.id ?? null;
}

const selectProject = statement((on, { name }: { readonly name: string }) =>
  on.selectFrom("project").select("id").where("name", "=", name),
);

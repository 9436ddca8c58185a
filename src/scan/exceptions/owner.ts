import { type RawBuilder, type SqlBool, sql } from "kysely";

/** Whose an exception or a document is: a project's, or, null, the system's. */
export type Owner = { readonly id: number; readonly name: string } | null;

/** At the beginning of a sentence. */
export function ownerName(owner: Owner): string {
  return owner === null ? "The system" : `The project ${owner.name}`;
}

/** Rows of that owner alone. */
export function ofOwner(owner: Owner): RawBuilder<SqlBool> {
  return owner === null ? sql<SqlBool>`project_id is null` : sql<SqlBool>`project_id = ${owner.id}`;
}

/** Rows of the project, and of the system where that counts too: those with a `project_id` of them. */
export function ofOwners(projectId: number, withSystem: boolean): RawBuilder<SqlBool> {
  return withSystem
    ? sql<SqlBool>`(project_id = ${projectId} or project_id is null)`
    : sql<SqlBool>`project_id = ${projectId}`;
}

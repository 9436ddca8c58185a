import { type Expression, type SqlBool, sql } from "kysely";
import type { Principal } from "../access/index.ts";

/** A condition on `project` rows: which of them the principal may know of. */
export function visibleTo(principal: Principal): Expression<SqlBool> {
  if (principal.kind === "anonymous") return sql<SqlBool>`project.public = 1`;
  if (principal.kind === "user") {
    return principal.admin
      ? sql<SqlBool>`1 = 1`
      : sql<SqlBool>`(project.public = 1 or project.id in ${projectsOf(principal.id)})`;
  }
  const seesAll = principal.permissions.some(
    ({ kind, namespace, resource, action }) =>
      (kind === "project" && namespace === "*") ||
      (kind === "system" && resource === "project" && action === "list"),
  );
  if (seesAll) return sql<SqlBool>`1 = 1`;
  const names = new Set(principal.permissions.map(({ namespace }) => namespace));
  return names.size === 0
    ? sql<SqlBool>`project.public = 1`
    : sql<SqlBool>`(project.public = 1 or project.name in (${sql.join([...names])}))`;
}

/** A subquery: the ids of the projects that the user is a member of. */
export function projectsOf(userId: number) {
  return sql<number>`(select project_id from project_member where entity_type = 'u' and entity_id = ${userId})`;
}

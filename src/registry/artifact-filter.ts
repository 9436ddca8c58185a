import { type Expression, type SqlBool, sql } from "kysely";
import { type Columns, type Criterion, containing, type ListQuery, matching } from "../db/index.ts";
import { BreakwaterError } from "../kernel/index.ts";

/** Where artifacts are looked for. */
export type ArtifactScope = { readonly repositoryId: number } | { readonly projectId: number };

/** Harbor's names of what artifacts can be filtered and sorted by. */
export const artifactColumns: Columns = {
  id: { column: "manifest.id", type: "number" },
  digest: { column: "manifest.digest", type: "text" },
  type: { column: "manifest.type", type: "text" },
  media_type: { column: "manifest.config_media_type", type: "text" },
  manifest_media_type: { column: "manifest.media_type", type: "text" },
  artifact_type: { column: "manifest.artifact_type", type: "text" },
  size: { column: "manifest.total_size", type: "number" },
  push_time: { column: "manifest.pushed_at", type: "time" },
  pull_time: { column: "manifest.pulled_at", type: "time", nullable: true },
};

/**
 * The artifacts of the scope that fit: those that stand for themselves, unless `base=*` asks for all;
 * `tags=*`, `tags=nil`, `tags=<name>` and `tags=~<part>`; `labels=(<ids>)`; and the columns. Throws
 * BAD_REQUEST.
 */
export function fitting(scope: ArtifactScope, criteria: ListQuery["criteria"]): Expression<SqlBool> {
  const conditions = [inScope(scope, "manifest.repository_id"), matching(criteria, artifactColumns)];
  const base = criteria.get("base");
  // In these very words, so that the engine finds the index of just these.
  if (base === undefined) conditions.push(sql<SqlBool>`manifest.listed = 1`);
  else if (base.kind !== "is" || base.value !== "*") throw invalid('"base" can only be "*"');
  const tags = criteria.get("tags");
  if (tags !== undefined) conditions.push(byTags(scope, tags));
  const labels = criteria.get("labels");
  if (labels !== undefined) conditions.push(...byLabels(labels));
  return sql<SqlBool>`(${sql.join(conditions, sql` and `)})`;
}

function inScope(scope: ArtifactScope, column: string): Expression<SqlBool> {
  return "repositoryId" in scope
    ? sql<SqlBool>`${sql.ref(column)} = ${scope.repositoryId}`
    : sql<SqlBool>`${sql.ref(column)} in (select id from repository where project_id = ${scope.projectId})`;
}

function byTags(scope: ArtifactScope, criterion: Criterion): Expression<SqlBool> {
  if (criterion.kind === "is" && criterion.value === "*") return sql<SqlBool>`manifest.tagged = 1`;
  if (criterion.kind === "is" && criterion.value === "nil") return sql<SqlBool>`manifest.tagged = 0`;
  if (criterion.kind !== "is" && criterion.kind !== "contains") {
    throw invalid('"tags" can only be "*", "nil", a tag, or "~" and a part of one');
  }
  const inThere = inScope(scope, "tag.repository_id");
  if (criterion.kind === "is" && "repositoryId" in scope) {
    // One at most: said so that the engine begins with it.
    return sql<SqlBool>`manifest.id = (
      select tag.manifest_id from tag where ${inThere} and tag.name = ${criterion.value})`;
  }
  const named =
    criterion.kind === "is" ? sql`tag.name = ${criterion.value}` : containing("tag.name", criterion.text);
  return sql<SqlBool>`manifest.id in (select tag.manifest_id from tag where ${inThere} and ${named})`;
}

function byLabels(criterion: Criterion): readonly Expression<SqlBool>[] {
  if (criterion.kind !== "all" || criterion.values.some((value) => !/^\d{1,15}$/.test(value))) {
    throw invalid('"labels" can only be the ids of labels between ( and )');
  }
  return criterion.values.map(
    (id) =>
      sql<SqlBool>`manifest.id in (select manifest_id from manifest_label where label_id = ${Number(id)})`,
  );
}

function invalid(why: string): BreakwaterError {
  return new BreakwaterError("BAD_REQUEST", `The query q cannot be read: ${why}.`);
}

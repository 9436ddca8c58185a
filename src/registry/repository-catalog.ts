import { type Expression, type SqlBool, sql } from "kysely";
import type { Principal } from "../access/index.ts";
import { type Columns, type Database, type ListQuery, matching, ordering, type Page } from "../db/index.ts";
import type { AuditLog } from "../events/index.ts";
import { BreakwaterError, type Caller, type Clock } from "../kernel/index.ts";
import { visibleTo } from "../projects/index.ts";
import { fromNearerEnd } from "./far-page.ts";
import { unindexed } from "./links.ts";

/** A repository as people see it. Times are milliseconds since 1970. */
export interface RepositoryEntry {
  readonly id: number;
  readonly projectId: number;
  readonly name: string;
  readonly description: string;
  readonly artifactCount: number;
  readonly pullCount: number;
  readonly createdAt: number;
  readonly updatedAt: number;
}

const columns: Columns = {
  id: { column: "id", type: "number" },
  repository_id: { column: "id", type: "number" },
  project_id: { column: "project_id", type: "number" },
  name: { column: "name", type: "text" },
  description: { column: "description", type: "text" },
  pull_count: { column: "pull_count", type: "number" },
  artifact_count: { column: "artifact_count", type: "number" },
  creation_time: { column: "created_at", type: "time" },
  update_time: { column: "updated_at", type: "time" },
};

const youngestFirst = [
  { field: "creation_time", descending: true },
  { field: "id", descending: true },
];

/** Characters. */
const maxDescription = 64 * 1024;

/** Lists repositories, and keeps what people say of them. */
export class RepositoryCatalog {
  readonly #database: Database;
  readonly #audit: AuditLog;
  readonly #clock: Clock;

  constructor(database: Database, audit: AuditLog, clock: Clock) {
    this.#database = database;
    this.#audit = audit;
    this.#clock = clock;
  }

  /** Those of the projects that the principal may know of; the youngest first unless asked otherwise. */
  async listVisible(principal: Principal, query: ListQuery): Promise<Page<RepositoryEntry>> {
    return this.#list(
      query,
      sql<SqlBool>`${unindexed("project_id")} in (select project.id from project where ${visibleTo(principal)})`,
    );
  }

  async listOf(projectId: number, query: ListQuery): Promise<Page<RepositoryEntry>> {
    return this.#list(query, sql<SqlBool>`project_id = ${projectId}`);
  }

  async #list(query: ListQuery, condition: Expression<SqlBool>): Promise<Page<RepositoryEntry>> {
    const repositories = this.#database.read
      .selectFrom("repository")
      .where(condition)
      .where(matching(query.criteria, columns));
    const count = await repositories.select((of) => of.fn.countAll().as("total")).executeTakeFirstOrThrow();
    const total = Number(count.total);
    const part = fromNearerEnd<RepositoryEntry>(query, youngestFirst, total);
    const page = repositories
      .select("id")
      .orderBy(ordering(part.sort, columns, part.fallback))
      .limit(part.limit)
      .offset(part.offset);
    const rows = await this.#database.read
      .selectFrom("repository")
      .selectAll()
      .where("id", "in", page)
      .orderBy(ordering(part.sort, columns, part.fallback))
      .execute();
    return { items: part.inOrder(rows.map(toEntry)), total };
  }

  /** Throws NOT_FOUND. */
  async get(name: string): Promise<RepositoryEntry> {
    const row = await this.#database.read
      .selectFrom("repository")
      .selectAll()
      .where("name", "=", name)
      .executeTakeFirst();
    if (row === undefined) throw notFound(name);
    return toEntry(row);
  }

  /** Throws NOT_FOUND, and BAD_REQUEST for a description that is too long. */
  async describe(caller: Caller, name: string, description: string): Promise<void> {
    if (description.length > maxDescription) {
      throw new BreakwaterError(
        "BAD_REQUEST",
        `A repository's description has at most ${maxDescription} characters, this one has ${description.length}.`,
      );
    }
    await this.#database.write(async (tx) => {
      const row = await tx
        .updateTable("repository")
        .set({ description, updated_at: this.#clock() })
        .where("name", "=", name)
        .returning("project_id")
        .executeTakeFirst();
      if (row === undefined) throw notFound(name);
      await this.#audit.record(tx, caller, {
        operation: "update",
        resourceType: "repository",
        resource: name,
        projectId: row.project_id,
        detail: "description",
      });
    });
  }
}

function notFound(name: string): BreakwaterError {
  return new BreakwaterError("NOT_FOUND", `There is no repository "${name.slice(0, 255)}".`);
}

function toEntry(row: {
  id: number;
  project_id: number;
  name: string;
  description: string;
  artifact_count: number;
  pull_count: number;
  created_at: number;
  updated_at: number;
}): RepositoryEntry {
  return {
    id: row.id,
    projectId: row.project_id,
    name: row.name,
    description: row.description,
    artifactCount: row.artifact_count,
    pullCount: row.pull_count,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}

import {
  type AuditLogTable,
  type Columns,
  type Database,
  type ListQuery,
  matching,
  ordering,
  type Page,
  readPage,
} from "../db/index.ts";

/** What happened once, or several times within a second. */
export interface AuditRecord {
  readonly id: number;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly actor: string;
  readonly address: string;
  readonly operation: string;
  readonly resourceType: string;
  readonly resource: string;
  readonly outcome: AuditLogTable["outcome"];
  readonly detail: string | null;
  readonly times: number;
}

/** Harbor's names for what records can be filtered and sorted by. */
const columns: Columns = {
  id: { column: "id", type: "number" },
  project_id: { column: "project_id", type: "number", nullable: true },
  username: { column: "actor", type: "text" },
  operation: { column: "operation", type: "text" },
  resource_type: { column: "resource_type", type: "text" },
  resource: { column: "resource", type: "text" },
  op_time: { column: "at", type: "time" },
};

/** Reads what `AuditLog` wrote. */
export class AuditReader {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Records of these projects, or of everything where that is null; the latest first unless asked otherwise. */
  async list(projectIds: readonly number[] | null, query: ListQuery): Promise<Page<AuditRecord>> {
    if (projectIds?.length === 0) return { items: [], total: 0 };
    const records = this.#database.read
      .selectFrom("audit_log")
      .where(matching(query.criteria, columns))
      .$if(projectIds !== null, (all) => all.where("project_id", "in", projectIds));
    const order = ordering(query.sort, columns, [
      { field: "op_time", descending: true },
      { field: "id", descending: true },
    ]);
    return readPage(records.selectAll(), order, query, (row) => ({
      id: row.id,
      at: row.at,
      actor: row.actor,
      address: row.address,
      operation: row.operation,
      resourceType: row.resource_type,
      resource: row.resource,
      outcome: row.outcome,
      detail: row.detail,
      times: row.times,
    }));
  }
}

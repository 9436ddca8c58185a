import {
  type Columns,
  type Database,
  type ListQuery,
  ordering,
  type Page,
  type Reader,
  readPage,
} from "../db/index.ts";
import type { AuditLog } from "../events/index.ts";
import { BreakwaterError, type Caller, type Clock } from "../kernel/index.ts";
import { requireStorageLimit } from "./storage-limit.ts";

/** How much a project may hold and holds, in bytes. Each project has one quota, under the project's own id. */
export interface Quota {
  readonly projectId: number;
  readonly projectName: string;
  readonly ownerName: string;
  /** -1 for no limit. */
  readonly limit: number;
  /** Kept by the registry, in the transactions that link and unlink blobs. */
  readonly used: number;
  readonly createdAt: number;
  readonly updatedAt: number;
}

const columns: Columns = {
  id: { column: "project.id", type: "number" },
  creation_time: { column: "project.created_at", type: "time" },
  update_time: { column: "project.updated_at", type: "time" },
  "hard.storage": { column: "limit_or_endless", type: "number" },
  "used.storage": { column: "project.storage_used", type: "number" },
};

export class Quotas {
  readonly #database: Database;
  readonly #audit: AuditLog;
  readonly #clock: Clock;

  constructor(database: Database, audit: AuditLog, clock: Clock) {
    this.#database = database;
    this.#audit = audit;
    this.#clock = clock;
  }

  /** The newest project's first unless asked otherwise; of one project where `projectId` is given. */
  async list(query: ListQuery, projectId: number | null): Promise<Page<Quota>> {
    const quotas = selectQuotas(this.#database.read).$if(projectId !== null, (all) =>
      all.where("project.id", "=", projectId),
    );
    const order = ordering(query.sort, columns, [
      { field: "creation_time", descending: true },
      { field: "id", descending: true },
    ]);
    return readPage(quotas, order, query, toQuota);
  }

  /** Throws NOT_FOUND. */
  async get(projectId: number): Promise<Quota> {
    const row = await selectQuotas(this.#database.read)
      .where("project.id", "=", projectId)
      .executeTakeFirst();
    if (row === undefined) throw quotaNotFound(projectId);
    return toQuota(row);
  }

  /** A limit below what is used refuses further pushes and deletes nothing. Throws BAD_REQUEST, NOT_FOUND. */
  async setLimit(caller: Caller, projectId: number, limit: number): Promise<void> {
    requireStorageLimit(limit);
    await this.#database.write(async (tx) => {
      const project = await tx
        .updateTable("project")
        .set({ storage_limit: limit, updated_at: this.#clock() })
        .where("id", "=", projectId)
        .returning("name")
        .executeTakeFirst();
      if (project === undefined) throw quotaNotFound(projectId);
      await this.#audit.record(tx, caller, {
        operation: "update",
        resourceType: "quota",
        resource: project.name,
        projectId,
        detail: limit === -1 ? "no limit" : `${limit} bytes`,
      });
    });
  }
}

function selectQuotas(database: Reader) {
  return database
    .selectFrom("project")
    .leftJoin("user_account as owner", "owner.id", "project.owner_id")
    .selectAll("project")
    .select("owner.username as owner_name")
    .select((of) =>
      // No limit is more than any limit.
      of
        .case()
        .when("project.storage_limit", "=", -1)
        .then(Number.MAX_SAFE_INTEGER)
        .else(of.ref("project.storage_limit"))
        .end()
        .as("limit_or_endless"),
    );
}

type Row = Awaited<ReturnType<ReturnType<typeof selectQuotas>["executeTakeFirstOrThrow"]>>;

function toQuota(row: Row): Quota {
  return {
    projectId: row.id,
    projectName: row.name,
    ownerName: row.owner_name ?? "",
    limit: row.storage_limit,
    used: row.storage_used,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}

function quotaNotFound(id: number): BreakwaterError {
  return new BreakwaterError("NOT_FOUND", `There is no quota with the id ${id}.`);
}

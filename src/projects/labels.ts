import {
  type Columns,
  type Database,
  type ListQuery,
  matching,
  ordering,
  type Page,
  type Reader,
  readPage,
  type Tx,
} from "../db/index.ts";
import type { AuditLog } from "../events/index.ts";
import { BreakwaterError, type Caller, type Clock } from "../kernel/index.ts";

export interface LabelText {
  readonly name: string;
  readonly description: string;
  /** As CSS writes it, `#61717D`, or empty. */
  readonly color: string;
}

/** A mark that artifacts can carry. Times are milliseconds since 1970. */
export interface Label extends LabelText {
  readonly id: number;
  /** Null for a global label. */
  readonly projectId: number | null;
  readonly createdAt: number;
  readonly updatedAt: number;
}

const columns: Columns = {
  id: { column: "id", type: "number" },
  name: { column: "name", type: "text" },
  description: { column: "description", type: "text" },
  color: { column: "color", type: "text" },
  creation_time: { column: "created_at", type: "time" },
  update_time: { column: "updated_at", type: "time" },
};

const maxLength = { name: 128, description: 1024, color: 16 } as const;

/** Labels of the whole registry and of single projects. Changes are recorded in their own transactions. */
export class Labels {
  readonly #database: Database;
  readonly #audit: AuditLog;
  readonly #clock: Clock;

  constructor(database: Database, audit: AuditLog, clock: Clock) {
    this.#database = database;
    this.#audit = audit;
    this.#clock = clock;
  }

  /** The labels of the project, or the global ones; the oldest first unless asked otherwise. */
  async list(projectId: number | null, query: ListQuery): Promise<Page<Label>> {
    const labels = this.#database.read
      .selectFrom("label")
      .where("scope", "=", scopeOf(projectId))
      .where("project_id", "=", projectId ?? 0)
      .where(matching(query.criteria, columns));
    const order = ordering(query.sort, columns, [{ field: "id", descending: false }]);
    return readPage(labels.selectAll(), order, query, toLabel);
  }

  /** Throws NOT_FOUND. */
  async get(id: number): Promise<Label> {
    return requireLabel(this.#database.read, id);
  }

  /** Throws BAD_REQUEST, CONFLICT where the scope has a label of that name. */
  async create(caller: Caller, projectId: number | null, text: LabelText): Promise<Label> {
    requireText(text);
    const now = this.#clock();
    return this.#database.write(async (tx) => {
      await requireUnused(tx, projectId, text.name, 0);
      const row = await tx
        .insertInto("label")
        .values({
          name: text.name,
          description: text.description,
          color: text.color,
          scope: scopeOf(projectId),
          project_id: projectId ?? 0,
          created_at: now,
          updated_at: now,
        })
        .returningAll()
        .executeTakeFirstOrThrow();
      await this.#record(tx, caller, "create", toLabel(row));
      return toLabel(row);
    });
  }

  /** Throws BAD_REQUEST, NOT_FOUND, CONFLICT where the scope has another label of that name. */
  async update(caller: Caller, id: number, text: LabelText): Promise<void> {
    requireText(text);
    const { name, description, color } = text;
    await this.#database.write(async (tx) => {
      const label = await requireLabel(tx, id);
      await requireUnused(tx, label.projectId, name, id);
      await tx
        .updateTable("label")
        .set({ name, description, color, updated_at: this.#clock() })
        .where("id", "=", id)
        .execute();
      await this.#record(tx, caller, "update", label);
    });
  }

  /** Also takes it off the artifacts that carry it. Throws NOT_FOUND. */
  async delete(caller: Caller, id: number): Promise<void> {
    await this.#database.write(async (tx) => {
      const label = await requireLabel(tx, id);
      await tx.deleteFrom("label").where("id", "=", id).execute();
      await this.#record(tx, caller, "delete", label);
    });
  }

  #record(tx: Tx, caller: Caller, operation: string, { name, projectId }: Label): Promise<void> {
    return this.#audit.record(tx, caller, { operation, resourceType: "label", resource: name, projectId });
  }
}

function scopeOf(projectId: number | null): "g" | "p" {
  return projectId === null ? "g" : "p";
}

async function findLabel(database: Reader | Tx, id: number) {
  return database.selectFrom("label").selectAll().where("id", "=", id).executeTakeFirst();
}

async function requireLabel(database: Reader | Tx, id: number): Promise<Label> {
  const row = await findLabel(database, id);
  if (row === undefined) throw new BreakwaterError("NOT_FOUND", `There is no label with the id ${id}.`);
  return toLabel(row);
}

function toLabel(row: NonNullable<Awaited<ReturnType<typeof findLabel>>>): Label {
  return {
    id: row.id,
    name: row.name,
    description: row.description,
    color: row.color,
    projectId: row.scope === "g" ? null : row.project_id,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}

async function requireUnused(tx: Tx, projectId: number | null, name: string, except: number): Promise<void> {
  const taken = await tx
    .selectFrom("label")
    .select("id")
    .where("scope", "=", scopeOf(projectId))
    .where("project_id", "=", projectId ?? 0)
    .where("name", "=", name)
    .where("id", "!=", except)
    .executeTakeFirst();
  if (taken !== undefined) throw new BreakwaterError("CONFLICT", `There is a label ${name} already.`);
}

function requireText(text: LabelText): void {
  if (text.name === "") throw new BreakwaterError("BAD_REQUEST", "A label needs a name.");
  for (const field of ["name", "description", "color"] as const) {
    if (text[field].length <= maxLength[field]) continue;
    throw new BreakwaterError(
      "BAD_REQUEST",
      `A label's ${field} has at most ${maxLength[field]} characters, this one has ${text[field].length}.`,
    );
  }
}

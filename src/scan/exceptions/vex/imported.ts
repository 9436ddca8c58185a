import {
  batches,
  type Columns,
  type Database,
  type ListQuery,
  matching,
  ordering,
  type Page,
  readPage,
  type Tx,
  type VexDocumentTable,
} from "../../../db/index.ts";
import type { AuditLog } from "../../../events/index.ts";
import { BreakwaterError, type Caller, type Clock } from "../../../kernel/index.ts";
import { type Owner, ofOwner, ofOwners, ownerName } from "../owner.ts";
import { readVex } from "./read.ts";
import { isNewer, type VexDocument, type VexStatement } from "./statement.ts";

/** An imported document, without what it says. Times are milliseconds since 1970. */
export interface ImportedVex {
  readonly id: number;
  readonly format: "openvex" | "csaf";
  readonly author: string;
  readonly name: string;
  readonly version: string;
  readonly issuedAt: number;
  readonly statements: number;
  readonly importedBy: string;
  readonly importedAt: number;
}

/** Of one owner. */
const maxOfOwner = 1_000;

const columns: Columns = {
  id: { column: "id", type: "number" },
  format: { column: "format", type: "text" },
  author: { column: "author", type: "text" },
  name: { column: "name", type: "text" },
  issued_at: { column: "issued_at", type: "time" },
  imported_at: { column: "imported_at", type: "time" },
};

type Row = Omit<VexDocumentTable, "id"> & { readonly id: number };

/** The VEX documents that were imported for the system or a project, by somebody who may make exceptions there. */
export class ImportedVexDocuments {
  readonly #database: Database;
  readonly #audit: AuditLog;
  readonly #clock: Clock;

  constructor(database: Database, audit: AuditLog, clock: Clock) {
    this.#database = database;
    this.#audit = audit;
    this.#clock = clock;
  }

  /** Of one owner's, the oldest first unless asked otherwise. */
  async list(owner: Owner, query: ListQuery): Promise<Page<ImportedVex>> {
    const documents = this.#database.read
      .selectFrom("vex_document")
      .where(ofOwner(owner))
      .where(matching(query.criteria, columns));
    const order = ordering(query.sort, columns, [{ field: "id", descending: false }]);
    return readPage(documents.selectAll(), order, query, toImported);
  }

  /**
   * Takes a document in; one of the same author under the same name makes place for it. Throws BAD_REQUEST for what
   * is no VEX document, CONFLICT when that other one is as new or newer, or when there are too many.
   */
  async import(caller: Caller, owner: Owner, json: object): Promise<ImportedVex> {
    const document = readVex(json);
    return this.#database.write(async (tx) => {
      await makePlace(tx, owner, document);
      const row = await tx
        .insertInto("vex_document")
        .values({
          project_id: owner?.id ?? null,
          format: document.format,
          author: document.author,
          name: document.name,
          version: document.version,
          issued_at: document.issuedAt,
          statements: document.statements.length,
          imported_by: caller.name,
          imported_at: this.#clock(),
        })
        .returningAll()
        .executeTakeFirstOrThrow();
      const rows = document.statements.flatMap((statement) => {
        const content = JSON.stringify(statement);
        return statement.vulnerabilities.map((vulnerability) => ({
          document_id: row.id,
          vulnerability,
          content,
        }));
      });
      for (const some of batches(rows)) await tx.insertInto("vex_statement").values(some).execute();
      const imported = toImported(row);
      await this.#record(tx, caller, "create", owner, imported);
      return imported;
    });
  }

  /** Throws NOT_FOUND where the owner has none of that id. */
  async remove(caller: Caller, owner: Owner, id: number): Promise<void> {
    await this.#database.write(async (tx) => {
      const row = await tx
        .deleteFrom("vex_document")
        .where("id", "=", id)
        .where(ofOwner(owner))
        .returningAll()
        .executeTakeFirst();
      if (row === undefined) {
        throw new BreakwaterError("NOT_FOUND", `${ownerName(owner)} has no VEX document with the id ${id}.`);
      }
      await this.#record(tx, caller, "delete", owner, toImported(row));
    });
  }

  /** What is said about any of the vulnerabilities, by documents that a project's images are judged by. */
  async about(
    projectId: number,
    withSystem: boolean,
    names: readonly string[],
  ): Promise<readonly VexStatement[]> {
    const documents = await this.#database.read
      .selectFrom("vex_document")
      .select("id")
      .where(ofOwners(projectId, withSystem))
      .execute();
    // Most have none, and to ask for thousands of names takes long.
    if (documents.length === 0) return [];
    const counting = new Set(documents.map(({ id }) => id));
    const found: VexStatement[] = [];
    for (const some of batches(names)) {
      const rows = await this.#database.read
        .selectFrom("vex_statement")
        .select(["document_id", "content"])
        .where("vulnerability", "in", some)
        .execute();
      const good = rows.filter(({ document_id }) => counting.has(document_id));
      found.push(...good.map(({ content }) => JSON.parse(content) as VexStatement));
    }
    return found;
  }

  #record(tx: Tx, caller: Caller, operation: string, owner: Owner, vex: ImportedVex): Promise<void> {
    return this.#audit.record(tx, caller, {
      operation,
      resourceType: "vex",
      resource: vex.name,
      projectId: owner?.id ?? null,
      detail: `${vex.format} of ${vex.author}, version ${vex.version}, with ${vex.statements} statements`,
    });
  }
}

async function makePlace(tx: Tx, owner: Owner, document: VexDocument): Promise<void> {
  const same = await tx
    .selectFrom("vex_document")
    .select(["id", "version", "issued_at"])
    .where(ofOwner(owner))
    .where("author", "=", document.author)
    .where("name", "=", document.name)
    .executeTakeFirst();
  if (same !== undefined) {
    if (!isNewer(document, { version: same.version, issuedAt: same.issued_at })) {
      throw new BreakwaterError(
        "CONFLICT",
        `Version ${same.version} of ${document.name}, which is there already, is as new or newer. Remove it first.`,
      );
    }
    await tx.deleteFrom("vex_document").where("id", "=", same.id).execute();
  }
  const { count } = await tx
    .selectFrom("vex_document")
    .select((of) => of.fn.countAll().as("count"))
    .where(ofOwner(owner))
    .executeTakeFirstOrThrow();
  if (Number(count) < maxOfOwner) return;
  throw new BreakwaterError(
    "CONFLICT",
    `${ownerName(owner)} has ${maxOfOwner} VEX documents, as many as there may be.`,
  );
}

function toImported(row: Row): ImportedVex {
  return {
    id: row.id,
    format: row.format,
    author: row.author,
    name: row.name,
    version: row.version,
    issuedAt: row.issued_at,
    statements: row.statements,
    importedBy: row.imported_by,
    importedAt: row.imported_at,
  };
}

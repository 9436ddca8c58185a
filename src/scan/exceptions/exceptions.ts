import {
  type Columns,
  type Database,
  type ListQuery,
  matching,
  ordering,
  type Page,
  readPage,
  type Tx,
  type VulnerabilityExceptionTable,
} from "../../db/index.ts";
import type { AuditLog } from "../../events/index.ts";
import { BreakwaterError, type Caller, type Clock } from "../../kernel/index.ts";
import { checked, type Exception, type NewException } from "./exception.ts";
import { nameOf } from "./image.ts";
import { type Owner, ofOwner, ofOwners, ownerName } from "./owner.ts";

/** Of one owner: nobody reads more, and each is looked at when images are judged. */
const maxOfOwner = 10_000;
const columns: Columns = {
  id: { column: "id", type: "number" },
  vulnerability: { column: "vulnerability", type: "text" },
  package: { column: "package", type: "text", nullable: true },
  repository: { column: "repository", type: "text", nullable: true },
  digest: { column: "digest", type: "text", nullable: true },
  author: { column: "author", type: "text" },
  expires_at: { column: "expires_at", type: "time", nullable: true },
  creation_time: { column: "created_at", type: "time" },
};

type Row = Omit<VulnerabilityExceptionTable, "id"> & { readonly id: number };

/** The exceptions that people made one by one, those of the system and of projects. */
export class Exceptions {
  readonly #database: Database;
  readonly #audit: AuditLog;
  readonly #clock: Clock;

  constructor(database: Database, audit: AuditLog, clock: Clock) {
    this.#database = database;
    this.#audit = audit;
    this.#clock = clock;
  }

  /** Of one owner's, the oldest first unless asked otherwise, also those that have expired. */
  async list(owner: Owner, query: ListQuery): Promise<Page<Exception>> {
    const exceptions = this.#database.read
      .selectFrom("vulnerability_exception")
      .where(ofOwner(owner))
      .where(matching(query.criteria, columns));
    const order = ordering(query.sort, columns, [{ field: "id", descending: false }]);
    return readPage(exceptions.selectAll(), order, query, toException);
  }

  /** Throws BAD_REQUEST, CONFLICT when there are too many. */
  async add(caller: Caller, owner: Owner, given: NewException): Promise<Exception> {
    const now = this.#clock();
    const exception = checked(given, owner?.name ?? null, now);
    return this.#database.write(async (tx) => {
      await requireRoom(tx, owner);
      const row = await tx
        .insertInto("vulnerability_exception")
        .values({
          project_id: owner?.id ?? null,
          vulnerability: nameOf(exception.vulnerability),
          package: exception.package,
          repository: exception.repository,
          digest: exception.digest,
          expires_at: exception.expiresAt,
          author: caller.name,
          reason: exception.reason,
          created_at: now,
        })
        .returningAll()
        .executeTakeFirstOrThrow();
      const added = toException(row);
      await this.#record(tx, caller, "create", owner, added);
      return added;
    });
  }

  /** Throws NOT_FOUND where the owner has none of that id. */
  async remove(caller: Caller, owner: Owner, id: number): Promise<void> {
    await this.#database.write(async (tx) => {
      const row = await tx
        .deleteFrom("vulnerability_exception")
        .where("id", "=", id)
        .where(ofOwner(owner))
        .returningAll()
        .executeTakeFirst();
      if (row === undefined) {
        throw new BreakwaterError("NOT_FOUND", `${ownerName(owner)} has no exception with the id ${id}.`);
      }
      await this.#record(tx, caller, "delete", owner, toException(row));
    });
  }

  /** Those that a project's images are judged by, expired ones too. */
  async countingIn(projectId: number, withSystem: boolean): Promise<readonly Exception[]> {
    const rows = await this.#database.read
      .selectFrom("vulnerability_exception")
      .selectAll()
      .where(ofOwners(projectId, withSystem))
      .execute();
    return rows.map(toException);
  }

  #record(tx: Tx, caller: Caller, operation: string, owner: Owner, exception: Exception): Promise<void> {
    const { vulnerability, package: wanted, repository, digest, reason, expiresAt } = exception;
    const where = [wanted, repository, digest].filter((part) => part !== null).join(", ");
    const until = expiresAt === null ? "" : ` until ${new Date(expiresAt).toISOString()}`;
    return this.#audit.record(tx, caller, {
      operation,
      resourceType: "exception",
      resource: vulnerability,
      projectId: owner?.id ?? null,
      detail: `${where === "" ? "everywhere" : `in ${where}`}${until}: ${reason}`,
    });
  }
}

async function requireRoom(tx: Tx, owner: Owner): Promise<void> {
  const { count } = await tx
    .selectFrom("vulnerability_exception")
    .select((of) => of.fn.countAll().as("count"))
    .where(ofOwner(owner))
    .executeTakeFirstOrThrow();
  if (Number(count) < maxOfOwner) return;
  throw new BreakwaterError(
    "CONFLICT",
    `${ownerName(owner)} has ${maxOfOwner} exceptions, as many as there may be. Remove those that have expired.`,
  );
}

function toException(row: Row): Exception {
  return {
    id: row.id,
    projectId: row.project_id,
    vulnerability: row.vulnerability,
    package: row.package,
    repository: row.repository,
    digest: row.digest,
    expiresAt: row.expires_at,
    author: row.author,
    reason: row.reason,
    createdAt: row.created_at,
  };
}

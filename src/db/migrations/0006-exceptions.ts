import { sql } from "kysely";
import type { Database, Tx } from "../database.ts";
import { columnTypes } from "./column-types.ts";

/** What projects and the system overlook of what is known against images, and who says so. */
export async function exceptions(tx: Tx, engine: Database["engine"]): Promise<void> {
  const { id, key, text, integer } = columnTypes(engine);

  await tx.schema
    .createTable("vulnerability_exception")
    .addColumn("id", id, (c) => c.modifyEnd(sql.raw(key)))
    .addColumn("project_id", integer, (c) => c.references("project.id").onDelete("cascade"))
    .addColumn("vulnerability", text, (c) => c.notNull())
    .addColumn("package", text)
    .addColumn("repository", text)
    .addColumn("digest", text)
    .addColumn("expires_at", integer)
    .addColumn("author", text, (c) => c.notNull())
    .addColumn("reason", text, (c) => c.notNull())
    .addColumn("created_at", integer, (c) => c.notNull())
    .execute();
  await tx.schema
    .createIndex("vulnerability_exception_project")
    .on("vulnerability_exception")
    .columns(["project_id", "vulnerability"])
    .execute();

  await tx.schema
    .createTable("vex_document")
    .addColumn("id", id, (c) => c.modifyEnd(sql.raw(key)))
    .addColumn("project_id", integer, (c) => c.references("project.id").onDelete("cascade"))
    .addColumn("format", text, (c) => c.notNull())
    .addColumn("author", text, (c) => c.notNull())
    .addColumn("name", text, (c) => c.notNull())
    .addColumn("version", text, (c) => c.notNull())
    .addColumn("issued_at", integer, (c) => c.notNull())
    .addColumn("statements", integer, (c) => c.notNull())
    .addColumn("imported_by", text, (c) => c.notNull())
    .addColumn("imported_at", integer, (c) => c.notNull())
    .execute();
  await tx.schema
    .createIndex("vex_document_project")
    .on("vex_document")
    .columns(["project_id", "author", "name"])
    .execute();

  await tx.schema
    .createTable("vex_statement")
    .addColumn("id", id, (c) => c.modifyEnd(sql.raw(key)))
    .addColumn("document_id", integer, (c) => c.notNull().references("vex_document.id").onDelete("cascade"))
    .addColumn("vulnerability", text, (c) => c.notNull())
    .addColumn("content", text, (c) => c.notNull())
    .execute();
  await tx.schema
    .createIndex("vex_statement_document")
    .on("vex_statement")
    .columns(["document_id"])
    .execute();
  await tx.schema
    .createIndex("vex_statement_vulnerability")
    .on("vex_statement")
    .columns(["vulnerability"])
    .execute();

  await tx.schema
    .createTable("referrer_pusher")
    .addColumn("manifest_id", integer, (c) => c.notNull().references("manifest.id").onDelete("cascade"))
    .addColumn("kind", text, (c) => c.notNull())
    .addColumn("name", text, (c) => c.notNull())
    .addPrimaryKeyConstraint("referrer_pusher_key", ["manifest_id", "kind", "name"])
    .execute();
}

import { sql } from "kysely";
import type { Database, Tx } from "../database.ts";
import { columnTypes } from "./column-types.ts";

/** Other people's scanners: which there are, what they were asked, what they reported; and what others ask of ours. */
export async function scanners(tx: Tx, engine: Database["engine"]): Promise<void> {
  const { id, key, text, integer, bytes } = columnTypes(engine);

  await tx.schema
    .createTable("scanner_registration")
    .addColumn("uuid", text, (c) => c.primaryKey())
    .addColumn("name", text, (c) => c.notNull().unique())
    .addColumn("description", text, (c) => c.notNull())
    .addColumn("url", text, (c) => c.notNull().unique())
    .addColumn("auth", text, (c) => c.notNull())
    .addColumn("credential", bytes)
    .addColumn("skip_cert_verify", integer, (c) => c.notNull())
    .addColumn("use_internal_addr", integer, (c) => c.notNull())
    .addColumn("disabled", integer, (c) => c.notNull())
    .addColumn("is_default", integer, (c) => c.notNull())
    .addColumn("created_at", integer, (c) => c.notNull())
    .addColumn("updated_at", integer, (c) => c.notNull())
    .execute();

  await tx.schema
    .createTable("project_scanner")
    .addColumn("project_id", integer, (c) => c.primaryKey().references("project.id").onDelete("cascade"))
    .addColumn("scanner", text, (c) => c.notNull())
    .execute();

  await tx.schema
    .createTable("scanner_run")
    .addColumn("id", text, (c) => c.primaryKey())
    .addColumn("manifest_id", integer, (c) => c.notNull().references("manifest.id").onDelete("cascade"))
    .addColumn("scanner", text, (c) => c.notNull())
    .addColumn("kind", text, (c) => c.notNull())
    .addColumn("state", text, (c) => c.notNull())
    .addColumn("sweep", integer)
    .addColumn("requested_at", integer, (c) => c.notNull())
    .addColumn("started_at", integer)
    .addColumn("finished_at", integer)
    .addColumn("holder", text)
    .addColumn("held_until", integer)
    .addColumn("attempts", integer, (c) => c.notNull())
    .addColumn("failure", text)
    .addColumn("log", text, (c) => c.notNull())
    .addUniqueConstraint("scanner_run_subject", ["manifest_id", "scanner", "kind"])
    .execute();
  await sql`create index scanner_run_open on scanner_run (requested_at) where state in ('pending', 'running')`.execute(
    tx,
  );
  await sql`create index scanner_run_sweep on scanner_run (sweep) where sweep is not null`.execute(tx);

  await tx.schema
    .createTable("scanner_report")
    .addColumn("manifest_id", integer, (c) => c.notNull().references("manifest.id").onDelete("cascade"))
    .addColumn("scanner", text, (c) => c.notNull())
    .addColumn("kind", text, (c) => c.notNull())
    .addColumn("run", text, (c) => c.notNull())
    .addColumn("media_type", text, (c) => c.notNull())
    .addColumn("adapter", text, (c) => c.notNull())
    .addColumn("data_as_of", integer)
    .addColumn("started_at", integer, (c) => c.notNull())
    .addColumn("reported_at", integer, (c) => c.notNull())
    .addColumn("critical", integer, (c) => c.notNull())
    .addColumn("high", integer, (c) => c.notNull())
    .addColumn("medium", integer, (c) => c.notNull())
    .addColumn("low", integer, (c) => c.notNull())
    .addColumn("negligible", integer, (c) => c.notNull())
    .addColumn("unknown", integer, (c) => c.notNull())
    .addColumn("none", integer, (c) => c.notNull())
    .addColumn("fixable", integer, (c) => c.notNull())
    .addColumn("coverage", text)
    .addColumn("accessory", text)
    // The last: what lies behind it in a row is read through it.
    .addColumn("content", bytes, (c) => c.notNull())
    .addPrimaryKeyConstraint("scanner_report_key", ["manifest_id", "scanner", "kind"])
    .execute();
  // The security hub adds all reports up, without reading them.
  await tx.schema
    .createIndex("scanner_report_counts")
    .on("scanner_report")
    .columns(["scanner", "kind", "critical", "high", "medium", "low", "negligible", "unknown", "none"])
    .columns(["fixable", "manifest_id"])
    .execute();

  await tx.schema
    .createTable("scanner_finding")
    .addColumn("id", id, (c) => c.modifyEnd(sql.raw(key)))
    .addColumn("scanner", text, (c) => c.notNull())
    .addColumn("hash", text, (c) => c.notNull().unique())
    .addColumn("vulnerability", text, (c) => c.notNull())
    .addColumn("package", text, (c) => c.notNull())
    .addColumn("version", text, (c) => c.notNull())
    .addColumn("fixed_version", text)
    .addColumn("severity", integer, (c) => c.notNull())
    .addColumn("score", integer)
    .addColumn("description", text, (c) => c.notNull())
    .addColumn("links", text, (c) => c.notNull())
    .execute();
  for (const column of ["vulnerability", "package"]) {
    await tx.schema
      .createIndex(`scanner_finding_${column}`)
      .on("scanner_finding")
      .columns([column])
      .execute();
  }
  // The worst first: the order of the security hub.
  const last = engine === "sqlite" ? sql`` : sql`nulls last`;
  await sql`
    create index scanner_finding_worst on scanner_finding
      (scanner, severity desc, score desc ${last}, vulnerability, id)
  `.execute(tx);

  await tx.schema
    .createTable("scanner_image_finding")
    .addColumn("manifest_id", integer, (c) => c.notNull().references("manifest.id").onDelete("cascade"))
    .addColumn("finding_id", integer, (c) => c.notNull().references("scanner_finding.id").onDelete("cascade"))
    .addPrimaryKeyConstraint("scanner_image_finding_key", ["manifest_id", "finding_id"])
    .execute();
  await tx.schema
    .createIndex("scanner_image_finding_finding")
    .on("scanner_image_finding")
    .columns(["finding_id"])
    .execute();

  await tx.schema
    .createTable("scan_order")
    .addColumn("id", text, (c) => c.primaryKey())
    .addColumn("requester", text, (c) => c.notNull())
    .addColumn("request", bytes, (c) => c.notNull())
    .addColumn("state", text, (c) => c.notNull())
    .addColumn("failure", text)
    .addColumn("report", bytes)
    .addColumn("holder", text)
    .addColumn("held_until", integer)
    .addColumn("attempts", integer, (c) => c.notNull())
    .addColumn("created_at", integer, (c) => c.notNull())
    .addColumn("finished_at", integer)
    .execute();
  await tx.schema.createIndex("scan_order_created").on("scan_order").columns(["created_at"]).execute();
}

import { sql } from "kysely";
import type { Database, Tx } from "../database.ts";
import { columnTypes } from "./column-types.ts";

/** What is inside images, what is known against it, and how the feeds fare that tell of it. */
export async function scan(tx: Tx, engine: Database["engine"]): Promise<void> {
  const { id, key, text, integer, bytes } = columnTypes(engine);

  await tx.schema
    .createTable("layer_inventory")
    .addColumn("blob_id", integer, (c) => c.primaryKey().references("blob.id").onDelete("cascade"))
    .addColumn("reader", integer, (c) => c.notNull())
    .addColumn("failure", text)
    .addColumn("content", bytes)
    .addColumn("read_at", integer, (c) => c.notNull())
    .execute();

  await tx.schema
    .createTable("image_scan")
    .addColumn("manifest_id", integer, (c) => c.primaryKey().references("manifest.id").onDelete("cascade"))
    .addColumn("state", text, (c) => c.notNull())
    .addColumn("requested_at", integer, (c) => c.notNull())
    .addColumn("holder", text)
    .addColumn("held_until", integer)
    .addColumn("attempts", integer, (c) => c.notNull())
    .addColumn("failure", text)
    .addColumn("reader", integer)
    .addColumn("inventory", bytes)
    .addColumn("inventoried_at", integer)
    .addColumn("vulndb", text)
    .addColumn("matched_at", integer)
    .addColumn("coverage", text)
    .addColumn("counts", text)
    .addColumn("fixable", integer, (c) => c.notNull())
    .execute();
  await sql`create index image_scan_open on image_scan (requested_at) where state in ('pending', 'running')`.execute(
    tx,
  );

  await tx.schema
    .createTable("package_identity")
    .addColumn("id", id, (c) => c.modifyEnd(sql.raw(key)))
    .addColumn("ecosystem", text, (c) => c.notNull())
    .addColumn("name", text, (c) => c.notNull())
    .addColumn("version", text, (c) => c.notNull())
    .addColumn("module", text, (c) => c.notNull())
    .addColumn("vulndb", text)
    .execute();
  await sql`create unique index package_identity_name on package_identity (ecosystem, name, version, module)`.execute(
    tx,
  );

  await tx.schema
    .createTable("image_package")
    .addColumn("manifest_id", integer, (c) =>
      c.notNull().references("image_scan.manifest_id").onDelete("cascade"),
    )
    .addColumn("package_id", integer, (c) => c.notNull().references("package_identity.id"))
    .addPrimaryKeyConstraint("image_package_key", ["manifest_id", "package_id"])
    .execute();
  await tx.schema.createIndex("image_package_package").on("image_package").columns(["package_id"]).execute();

  await tx.schema
    .createTable("package_finding")
    .addColumn("package_id", integer, (c) =>
      c.notNull().references("package_identity.id").onDelete("cascade"),
    )
    .addColumn("vulnerability", text, (c) => c.notNull())
    .addColumn("severity", integer, (c) => c.notNull())
    .addColumn("status", text, (c) => c.notNull())
    .addColumn("fixed_version", text)
    .addColumn("score", integer)
    .addColumn("exploited", integer, (c) => c.notNull())
    .addColumn("epss", integer)
    .addPrimaryKeyConstraint("package_finding_key", ["package_id", "vulnerability"])
    .execute();
  await tx.schema
    .createIndex("package_finding_vulnerability")
    .on("package_finding")
    .columns(["vulnerability"])
    .execute();

  await tx.schema
    .createTable("feed")
    .addColumn("name", text, (c) => c.primaryKey())
    .addColumn("last_attempt_at", integer)
    .addColumn("last_success_at", integer)
    .addColumn("failures", integer, (c) => c.notNull())
    .addColumn("error", text)
    .addColumn("next_attempt_at", integer)
    .addColumn("revision", text)
    .execute();
}

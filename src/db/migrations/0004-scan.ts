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
    .addColumn("sweep", integer)
    .addColumn("requested_at", integer, (c) => c.notNull())
    .addColumn("holder", text)
    .addColumn("held_until", integer)
    .addColumn("attempts", integer, (c) => c.notNull())
    .addColumn("failure", text)
    .addColumn("tried_by", integer)
    .addColumn("inventoried_at", integer)
    .addColumn("parts", text)
    .addColumn("counted_at", integer)
    .addColumn("critical", integer, (c) => c.notNull().defaultTo(0))
    .addColumn("high", integer, (c) => c.notNull().defaultTo(0))
    .addColumn("medium", integer, (c) => c.notNull().defaultTo(0))
    .addColumn("low", integer, (c) => c.notNull().defaultTo(0))
    .addColumn("negligible", integer, (c) => c.notNull().defaultTo(0))
    .addColumn("unknown", integer, (c) => c.notNull().defaultTo(0))
    .addColumn("none", integer, (c) => c.notNull().defaultTo(0))
    .addColumn("fixable", integer, (c) => c.notNull().defaultTo(0))
    .addColumn("undecided", text)
    .execute();
  await sql`create index image_scan_open on image_scan (requested_at) where state in ('pending', 'running')`.execute(
    tx,
  );
  await sql`create index image_scan_failed on image_scan (held_until) where state = 'failed'`.execute(tx);
  await sql`create index image_scan_sweep on image_scan (sweep) where sweep is not null`.execute(tx);

  await tx.schema
    .createTable("image_inventory")
    .addColumn("manifest_id", integer, (c) =>
      c.primaryKey().references("image_scan.manifest_id").onDelete("cascade"),
    )
    .addColumn("reader", integer, (c) => c.notNull())
    .addColumn("content", bytes, (c) => c.notNull())
    .execute();

  await tx.schema
    .createTable("package_identity")
    .addColumn("id", id, (c) => c.modifyEnd(sql.raw(key)))
    .addColumn("ecosystem", text, (c) => c.notNull())
    .addColumn("name", text, (c) => c.notNull())
    .addColumn("version", text, (c) => c.notNull())
    .addColumn("module", text, (c) => c.notNull())
    .addColumn("origin", text, (c) => c.notNull())
    .addColumn("vulndb", text)
    .addColumn("changed_at", integer, (c) => c.notNull())
    .execute();
  await sql`
    create unique index package_identity_name on package_identity (ecosystem, name, version, module, origin)
  `.execute(tx);

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
    .addColumn("found_at", integer, (c) => c.notNull())
    .addPrimaryKeyConstraint("package_finding_key", ["package_id", "vulnerability"])
    .execute();
  await tx.schema
    .createIndex("package_finding_vulnerability")
    .on("package_finding")
    .columns(["vulnerability"])
    .execute();
  // The worst first: the order of the security hub.
  const last = engine === "sqlite" ? sql`` : sql`nulls last`;
  await sql`
    create index package_finding_worst on package_finding (severity desc, score desc ${last}, vulnerability, package_id)
  `.execute(tx);

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

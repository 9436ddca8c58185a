import { sql } from "kysely";
import type { Database, Tx } from "../database.ts";
import { columnTypes } from "./column-types.ts";

/** The tables of the room `trust`. */
export async function trust(tx: Tx, engine: Database["engine"]): Promise<void> {
  const { id, key, text, integer, bytes } = columnTypes(engine);

  await tx.schema
    .createTable("tuf_metadata")
    .addColumn("gun", text, (c) => c.notNull())
    .addColumn("role", text, (c) => c.notNull())
    .addColumn("version", integer, (c) => c.notNull())
    .addColumn("sha256", text, (c) => c.notNull())
    .addColumn("content", bytes, (c) => c.notNull())
    .addColumn("created_at", integer, (c) => c.notNull())
    .addPrimaryKeyConstraint("tuf_metadata_key", ["gun", "role", "version"])
    .execute();
  await tx.schema
    .createIndex("tuf_metadata_sha256")
    .unique()
    .on("tuf_metadata")
    .columns(["gun", "role", "sha256"])
    .execute();

  await tx.schema
    .createTable("tuf_key")
    .addColumn("gun", text, (c) => c.notNull())
    .addColumn("id", text, (c) => c.notNull())
    .addColumn("role", text, (c) => c.notNull())
    .addColumn("public", bytes, (c) => c.notNull())
    .addColumn("private", bytes, (c) => c.notNull())
    .addColumn("used", integer, (c) => c.notNull())
    .addColumn("created_at", integer, (c) => c.notNull())
    .addPrimaryKeyConstraint("tuf_key_key", ["gun", "id"])
    .execute();
  await sql`create unique index tuf_key_unused on tuf_key (gun, role) where used = 0`.execute(tx);

  await tx.schema
    .createTable("tuf_change")
    .addColumn("id", id, (c) => c.modifyEnd(sql.raw(key)))
    .addColumn("gun", text, (c) => c.notNull())
    .addColumn("version", integer, (c) => c.notNull())
    .addColumn("sha256", text, (c) => c.notNull())
    .addColumn("category", text, (c) => c.notNull())
    .addColumn("created_at", integer, (c) => c.notNull())
    .execute();
  await tx.schema.createIndex("tuf_change_gun").on("tuf_change").columns(["gun", "id"]).execute();
}

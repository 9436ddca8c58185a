import { sql } from "kysely";
import type { Database, Tx } from "../database.ts";
import { columnTypes } from "./column-types.ts";

/** What the room `trust` has noticed of tags and of metadata that expires. */
export async function trustWatch(tx: Tx, engine: Database["engine"]): Promise<void> {
  const { id, key, text, integer } = columnTypes(engine);

  await tx.schema
    .createTable("trust_look")
    .addColumn("id", id, (c) => c.modifyEnd(sql.raw(key)))
    .addColumn("gun", text)
    .addColumn("repository", text, (c) => c.notNull())
    .addColumn("tag", text)
    .addColumn("digest", text)
    .addColumn("caller", text, (c) => c.notNull())
    .execute();
  await sql`create index trust_look_tag on trust_look (repository, tag)`.execute(tx);

  await tx.schema
    .createTable("tag_trust")
    .addColumn("tag_id", integer, (c) => c.primaryKey().references("tag.id").onDelete("cascade"))
    .addColumn("state", text, (c) => c.notNull())
    .addColumn("digest", text, (c) => c.notNull())
    .addColumn("signed", text)
    .addColumn("noticed_at", integer, (c) => c.notNull())
    .execute();
  await tx.schema.createIndex("tag_trust_state").on("tag_trust").columns(["state"]).execute();

  await tx.schema
    .createTable("tuf_expiry")
    .addColumn("gun", text, (c) => c.notNull())
    .addColumn("role", text, (c) => c.notNull())
    .addColumn("repository", text, (c) => c.notNull())
    .addColumn("project", text, (c) => c.notNull())
    .addColumn("expires_at", integer, (c) => c.notNull())
    .addColumn("warned", integer, (c) => c.notNull())
    .addColumn("ended", integer, (c) => c.notNull())
    .addPrimaryKeyConstraint("tuf_expiry_key", ["gun", "role"])
    .execute();
  await tx.schema.createIndex("tuf_expiry_time").on("tuf_expiry").columns(["expires_at"]).execute();
  await tx.schema.createIndex("tuf_expiry_repository").on("tuf_expiry").columns(["repository"]).execute();
}

import { sql } from "kysely";
import { BreakwaterError } from "../kernel/index.ts";
import type { Database } from "./database.ts";
import { foundation } from "./migrations/0001-foundation.ts";
import { trust } from "./migrations/0002-trust.ts";
import { trustWatch } from "./migrations/0003-trust-watch.ts";
import { scan } from "./migrations/0004-scan.ts";
import { scanners } from "./migrations/0005-scanners.ts";
import { exceptions } from "./migrations/0006-exceptions.ts";

/** Every migration there ever was, by the name under which databases remember it. Only ever appended to. */
const migrations = {
  "0001-foundation": foundation,
  "0002-trust": trust,
  "0003-trust-watch": trustWatch,
  "0004-scan": scan,
  "0005-scanners": scanners,
  "0006-exceptions": exceptions,
} as const;

/**
 * Brings the schema to this program's version, in one transaction: a step that fails leaves the database as
 * it was, and of several processes that start at once one does it. Throws SCHEMA_NEWER when a newer program
 * has been here.
 */
export async function migrate(database: Pick<Database, "engine" | "migrate">): Promise<void> {
  await database.migrate(async (tx) => {
    await tx.schema
      .createTable("schema_migration")
      .ifNotExists()
      .addColumn("name", "text", (c) => c.primaryKey())
      .addColumn("applied_at", "bigint", (c) => c.notNull())
      .execute();
    const { rows } = await sql<{ name: string }>`select name from schema_migration order by name`.execute(tx);
    const applied = new Set(rows.map((row) => row.name));
    const unknown = [...applied].filter((name) => !Object.hasOwn(migrations, name));
    if (unknown.length > 0) {
      throw new BreakwaterError(
        "SCHEMA_NEWER",
        `The database has the schema of a newer Breakwater (it knows ${unknown.join(", ")}). Start that version, or restore a backup from before the upgrade.`,
      );
    }
    for (const [name, apply] of Object.entries(migrations)) {
      if (applied.has(name)) continue;
      await apply(tx, database.engine);
      await sql`insert into schema_migration (name, applied_at) values (${name}, ${Date.now()})`.execute(tx);
    }
  });
}

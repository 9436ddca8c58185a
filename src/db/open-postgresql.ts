import type { Database } from "./database.ts";
import type { PostgresqlOptions } from "./postgresql/options.ts";

/** As `postgresql.ts`, whose client is loaded only where it is asked for. */
export async function openPostgresql(options: PostgresqlOptions): Promise<Database> {
  const engine = await import("./postgresql.ts");
  return engine.openPostgresql(options);
}

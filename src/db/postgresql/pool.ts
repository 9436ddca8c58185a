import { type ClientConfig, Pool } from "pg";
import { second } from "../../kernel/index.ts";
import { type PostgresqlOptions, tlsOptions } from "./options.ts";

/** How long a connection may take, or the wait for one that is free. */
const connectPatience = 10 * second;
/** Connections that nobody needed for so long are closed, all but those that are to stay. */
const idleTime = 60 * second;

/** How `pg` is told whom to connect to. */
export function clientConfig(options: PostgresqlOptions): ClientConfig {
  return {
    host: options.host,
    port: options.port,
    database: options.database,
    user: options.username,
    password: options.password,
    ssl: tlsOptions(options),
    application_name: "breakwater",
    connectionTimeoutMillis: connectPatience,
    keepAlive: true,
    keepAliveInitialDelayMillis: connectPatience,
    types: { getTypeParser: parserOf },
  };
}

export interface PoolSize {
  readonly max: number;
  readonly idle: number;
}

/** `queryTime`: milliseconds after which a server that has not answered counts as lost; 0 for never. */
export function createPool(options: PostgresqlOptions, { max, idle }: PoolSize, queryTime: number): Pool {
  const pool = new Pool({
    ...clientConfig(options),
    max,
    min: idle,
    idleTimeoutMillis: idleTime,
    ...(queryTime > 0 && { query_timeout: queryTime }),
  });
  // A connection that ends while nobody asks it anything ends the process, unless somebody listens.
  pool.on("error", () => {});
  pool.on("connect", (client) => client.on("error", () => {}));
  return pool;
}

/** The object ids of the types that are to come back as SQLite gives them (PostgreSQL, catalog pg_type). */
const parsers: Readonly<Record<number, (text: string) => unknown>> = {
  // boolean
  16: (text) => (text === "t" ? 1 : 0),
  // bytea, in its hexadecimal form
  17: (text) => Uint8Array.fromHex(text.slice(2)),
  // int8, int2, int4; no number here needs more than 53 bits
  20: Number,
  21: Number,
  23: Number,
  // float8; numeric, which sums are
  701: Number,
  1700: Number,
};

function parserOf(oid: number): (text: string) => unknown {
  return parsers[oid] ?? String;
}

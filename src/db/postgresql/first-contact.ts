import { Client } from "pg";
import { BreakwaterError } from "../../kernel/index.ts";
import { stateOf } from "./errors.ts";
import type { PostgresqlOptions } from "./options.ts";
import { clientConfig } from "./pool.ts";

/** The oldest version that is supported, as `server_version_num` counts. */
const oldest = 150_000;

export interface Server {
  /** True when a commit is answered before it is on stable storage, unless its transaction asks for more. */
  readonly forgetful: boolean;
}

/**
 * Sees whether there is a PostgreSQL to work with. Throws CONFIG_INVALID or UNAVAILABLE with a sentence for the
 * operator who has just started the program.
 */
export async function firstContact(options: PostgresqlOptions): Promise<Server> {
  const { host, port, database } = options;
  const where = `PostgreSQL at ${host}:${port}`;
  const client = new Client(clientConfig(options));
  client.on("error", () => {});
  try {
    await client.connect();
    const { rows } = await client.query(
      `select current_setting('server_version_num')::int as version, current_setting('server_version') as name,
        current_setting('server_encoding') as encoding, current_setting('synchronous_commit') as durability`,
    );
    const { version, name, encoding, durability } = rows[0];
    if (version < oldest) throw refusal(`${where} is version ${name}; Breakwater needs 15 or later.`);
    if (encoding !== "UTF8") {
      throw refusal(`The database "${database}" at ${host}:${port} has the encoding ${encoding}, not UTF8.`);
    }
    return { forgetful: durability === "off" };
  } catch (error) {
    throw error instanceof BreakwaterError ? error : explain(error, where, options);
  } finally {
    await client.end().catch(() => {});
  }
}

/** What keeps the tables from being made in this database, as CONFIG_INVALID where it can be told. */
export function explainMigration(
  error: unknown,
  { host, port, database, username }: PostgresqlOptions,
): unknown {
  const { message } = error as Error;
  const where = `the database "${database}" of PostgreSQL at ${host}:${port}`;
  switch (stateOf(error)) {
    case "42P07":
      return refusal(
        `In ${where} there are tables of another program already (${message}). Give Breakwater a database of its own.`,
        error,
      );
    case "42501":
      return refusal(
        `The user "${username}" may not make tables in ${where} (${message}). Make it the owner.`,
        error,
      );
    default:
      return error;
  }
}

function explain(error: unknown, where: string, options: PostgresqlOptions): BreakwaterError {
  const { message, code } = error as NodeJS.ErrnoException;
  switch (stateOf(error)) {
    case "28P01":
    case "28000":
      return refusal(`${where} does not let the user "${options.username}" in: ${message}.`, error);
    case "3D000":
      return refusal(`${where} has no database "${options.database}": create it, or name another.`, error);
    case undefined:
      break;
    default:
      return new BreakwaterError("UNAVAILABLE", `${where} cannot be used now: ${message}.`, { cause: error });
  }
  if (/does not support SSL/.test(message)) {
    return refusal(`${where} does not offer TLS, which the mode "${options.ssl.mode}" asks for.`, error);
  }
  if (/CERT|certificate|SELF_SIGNED|ALTNAME/i.test(`${code} ${message}`)) {
    const { mode } = options.ssl;
    return refusal(
      `${where} shows a certificate that the mode "${mode}" does not accept: ${message}.`,
      error,
    );
  }
  return new BreakwaterError("UNAVAILABLE", `${where} does not answer: ${message}.`, { cause: error });
}

function refusal(message: string, cause?: unknown): BreakwaterError {
  return new BreakwaterError("CONFIG_INVALID", message, { cause });
}

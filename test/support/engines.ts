import { rm } from "node:fs/promises";
import { join } from "node:path";
import {
  type Database,
  migrate,
  openPostgresql,
  openSqlite,
  type PostgresqlOptions,
} from "../../src/db/index.ts";
import { atTheEnd } from "./at-the-end.ts";
import { describeUnless } from "./describe-unless.ts";
import { missingPostgresql, PostgresqlServer } from "./postgresql.ts";
import { temporaryDirectory } from "./temporary-directory.ts";

/** A migrated database of a test's own; `close` also removes it. */
export interface TestDatabase extends Database {
  /** What a second process on the same database would have. */
  another(): Promise<Database>;
}

export type OpenDatabase = () => Promise<TestDatabase>;

/** The same tests on each engine that there is here. */
export function describeOnEngines(name: string, body: (open: OpenDatabase) => void): void {
  describeUnless(undefined, `${name}, on SQLite`, () => body(openOnSqlite));
  describeUnless(missingPostgresql(), `${name}, on PostgreSQL`, () => body(openOnPostgresql));
}

/** The same for tests of whole installations; `environment` makes the variables that name a new database. */
export function describeInstallations(
  name: string,
  body: (environment: () => Promise<Record<string, string>>) => void,
): void {
  describeUnless(undefined, `${name}, on SQLite`, () => body(async () => ({})));
  describeUnless(missingPostgresql(), `${name}, on PostgreSQL`, () =>
    body(async () => environmentOf((await createOnPostgresql()).options)),
  );
}

export const openOnSqlite: OpenDatabase = async () => {
  const directory = await temporaryDirectory("database");
  const open = async () => openSqlite(join(directory.path, "breakwater.sqlite"));
  const database = await open();
  await migrate(database);
  return testDatabase(database, open, () => rm(directory.path, { recursive: true }));
};

/** One server for all tests of this process: to start one takes seconds, to copy a database does not. */
let shared: Promise<{ server: PostgresqlServer; template: string }> | undefined;

async function startShared() {
  const server = await PostgresqlServer.create();
  atTheEnd(() => server[Symbol.asyncDispose]());
  const options = await server.createDatabase();
  const database = await openPostgresql(options);
  await migrate(database);
  await database.close();
  return { server, template: options.database };
}

/** A migrated database on the tests' PostgreSQL, and the server that has it. */
export async function createOnPostgresql(): Promise<{
  server: PostgresqlServer;
  options: PostgresqlOptions;
}> {
  shared ??= startShared();
  const { server, template } = await shared;
  return { server, options: await server.createDatabase(template) };
}

/** The variables by which a Breakwater is told of the database. */
export function environmentOf(options: PostgresqlOptions): Record<string, string> {
  const prefix = "BREAKWATER_EXTERNAL_DATABASE_HARBOR_";
  return {
    [`${prefix}HOST`]: options.host,
    [`${prefix}PORT`]: String(options.port),
    [`${prefix}DB_NAME`]: options.database,
    [`${prefix}USERNAME`]: options.username,
    [`${prefix}PASSWORD`]: options.password,
    [`${prefix}MAX_OPEN_CONNS`]: String(options.maxConnections),
  };
}

export const openOnPostgresql: OpenDatabase = async () => {
  const { server, options } = await createOnPostgresql();
  return testDatabase(
    await openPostgresql(options),
    () => openPostgresql(options),
    () => server.dropDatabase(options.database),
  );
};

function testDatabase(
  database: Database,
  open: () => Promise<Database>,
  remove: () => Promise<void>,
): TestDatabase {
  const opened: Database[] = [];
  return {
    ...database,
    async another() {
      const other = await open();
      opened.push(other);
      return other;
    },
    async close() {
      await Promise.all([database, ...opened].map((one) => one.close()));
      await remove();
    },
  };
}

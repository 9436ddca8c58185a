import { access, constants } from "node:fs/promises";
import { resolve } from "node:path";
import type { Values } from "./keys.ts";
import type { Problem } from "./settings.ts";

/** Where the metadata lie: in a file below the data volume, or on a server that several copies share. */
export type DatabaseConfig =
  | { readonly engine: "sqlite" }
  | {
      readonly engine: "postgresql";
      readonly host: string;
      readonly port: number;
      readonly name: string;
      readonly username: string;
      readonly password: string;
      /** By libpq's names. */
      readonly sslMode: SslMode;
      /** A file of trusted authorities in PEM form; null for the system's. */
      readonly ca: string | null;
      /** Of each process. */
      readonly maxIdleConnections: number;
      readonly maxOpenConnections: number;
    };

type SslMode = NonNullable<Values["external_database.harbor.ssl_mode"]>;

/** What Harbor calls no limit: more would only wait for one another at the server. */
const enoughConnections = 32;

/** Harbor's `external_database` means PostgreSQL; without it there is nothing to install. */
export function toDatabase(values: Values, sections: ReadonlySet<string>, cwd: string): DatabaseConfig {
  const host = values["external_database.harbor.host"];
  if (host === undefined && !sections.has("external_database.harbor")) return { engine: "sqlite" };
  const ca = values["breakwater.database.ca_certificate"];
  return {
    engine: "postgresql",
    host: host ?? "",
    port: values["external_database.harbor.port"] ?? 5432,
    name: values["external_database.harbor.db_name"] ?? "registry",
    username: values["external_database.harbor.username"] ?? "postgres",
    password: values["external_database.harbor.password"] ?? "",
    sslMode: values["external_database.harbor.ssl_mode"] ?? "disable",
    ca: ca === undefined ? null : resolve(cwd, ca),
    maxIdleConnections: values["external_database.harbor.max_idle_conns"] ?? 2,
    maxOpenConnections: values["external_database.harbor.max_open_conns"] || enoughConnections,
  };
}

export async function databaseProblems(database: DatabaseConfig): Promise<Problem[]> {
  if (database.engine === "sqlite") return [];
  const problems: Problem[] = [];
  const { host, ca, maxOpenConnections } = database;
  if (host === "") {
    problems.push({ key: "external_database.harbor.host", expected: "a host name", found: "nothing" });
  }
  if (maxOpenConnections === 1) {
    const key = "external_database.harbor.max_open_conns";
    problems.push({ key, expected: "at least 2, or 0 for as many as are of use", found: "1" });
  }
  if (ca !== null) {
    await access(ca, constants.R_OK).catch((error: NodeJS.ErrnoException) => {
      const why = error.code === "ENOENT" ? "no such file" : (error.code ?? "an error");
      const expected = "a file in PEM form that can be read";
      problems.push({ key: "breakwater.database.ca_certificate", expected, found: `${why}: ${ca}` });
    });
  }
  return problems;
}

export function databaseWarnings(database: DatabaseConfig): string[] {
  if (database.engine === "sqlite" || database.sslMode !== "disable") return [];
  if (["localhost", "127.0.0.1", "::1"].includes(database.host)) return [];
  return [
    `The connection to PostgreSQL at ${database.host} is not encrypted. Set external_database.harbor.ssl_mode to verify-full, and breakwater.database.ca_certificate where its authority is your own.`,
  ];
}

/** By the file's own keys, as `describeConfig`: the part at the top, and the part below `breakwater`. */
export function describeDatabase(
  database: DatabaseConfig,
  mask: string,
): { readonly top: object; readonly own: object } {
  if (database.engine === "sqlite") return { top: {}, own: {} };
  const harbor = {
    host: database.host,
    port: database.port,
    db_name: database.name,
    username: database.username,
    password: mask,
    ssl_mode: database.sslMode,
    max_idle_conns: database.maxIdleConnections,
    max_open_conns: database.maxOpenConnections,
  };
  return { top: { external_database: { harbor } }, own: { database: { ca_certificate: database.ca } } };
}

import { afterAll, beforeAll, expect, test } from "bun:test";
import { chmod, chown, readFile } from "node:fs/promises";
import { join } from "node:path";
import { sql } from "kysely";
import { openPostgresql, type PostgresqlOptions, type SslMode } from "../../src/db/index.ts";
import { isRefusal } from "../../src/kernel/index.ts";
import { missingCommands, mustRun } from "../support/command.ts";
import { describeUnless } from "../support/describe-unless.ts";
import { freePort } from "../support/ports.ts";
import { missingPostgresql, PostgresqlServer } from "../support/postgresql.ts";

describeUnless(missingPostgresql() ?? missingCommands("openssl"), "the first contact with PostgreSQL", () => {
  let server: PostgresqlServer;
  let options: PostgresqlOptions;
  /** Of the server's certificate, which names localhost and no address. */
  let ca: string;
  let otherCa: string;

  beforeAll(async () => {
    server = await PostgresqlServer.create();
    options = await server.createDatabase();
    ca = await makeCertificate("server");
    otherCa = await makeCertificate("other");
    // Until a test wants it, TLS is not offered.
    await server.run(`alter system set ssl_cert_file = '${join(server.home, "server.crt")}'`);
    await server.run(`alter system set ssl_key_file = '${join(server.home, "server.key")}'`);
  });
  afterAll(() => server[Symbol.asyncDispose]());

  async function makeCertificate(name: string): Promise<string> {
    const [key, certificate] = [join(server.home, `${name}.key`), join(server.home, `${name}.crt`)];
    const form = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"];
    const subject = ["-subj", `/CN=${name}`, "-addext", "subjectAltName=DNS:localhost"];
    await mustRun(["openssl", "req", "-x509", ...form, ...subject, "-keyout", key, "-out", certificate]);
    await chmod(key, 0o600);
    if (server.account !== null) await chown(key, server.account.uid, server.account.gid);
    return readFile(certificate, "utf8");
  }

  const reach = (mode: SslMode, trusted: string | null, host = "localhost"): PostgresqlOptions => ({
    ...options,
    host,
    ssl: { mode, ca: trusted },
  });

  test("what is wrong is said in a sentence", async () => {
    const at = `PostgreSQL at 127.0.0.1:${server.port}`;
    expect(await refusalOf({ ...options, password: "wrong" })).toBe(
      `CONFIG_INVALID: ${at} does not let the user "breakwater" in: password authentication failed for user "breakwater".`,
    );
    expect(await refusalOf({ ...options, database: "nowhere" })).toBe(
      `CONFIG_INVALID: ${at} has no database "nowhere": create it, or name another.`,
    );
    const port = await freePort();
    expect(await refusalOf({ ...options, port })).toStartWith(
      `UNAVAILABLE: PostgreSQL at 127.0.0.1:${port} does not answer:`,
    );
    expect(await refusalOf(reach("require", null, "127.0.0.1"))).toBe(
      `CONFIG_INVALID: ${at} does not offer TLS, which the mode "require" asks for.`,
    );
    await server.run("create database latin1 template template0 encoding latin1 locale 'C'");
    expect(await refusalOf({ ...options, database: "latin1" })).toBe(
      `CONFIG_INVALID: The database "latin1" at 127.0.0.1:${server.port} has the encoding LATIN1, not UTF8.`,
    );
  });

  test("each mode of TLS checks what it says, and no more", async () => {
    await server.run("alter system set ssl = on");
    await server.stop();
    await server.start();
    const refused = (mode: string) => `shows a certificate that the mode "${mode}" does not accept`;
    expect(await encrypted(reach("disable", null))).toBe(0);
    expect(await encrypted(reach("require", null))).toBe(1);
    expect(await encrypted(reach("require", ca, "127.0.0.1"))).toBe(1);
    expect(await refusalOf(reach("require", otherCa))).toContain(refused("require"));
    expect(await encrypted(reach("verify-ca", ca, "127.0.0.1"))).toBe(1);
    expect(await refusalOf(reach("verify-ca", otherCa))).toContain(refused("verify-ca"));
    expect(await refusalOf(reach("verify-ca", null))).toContain(refused("verify-ca"));
    expect(await encrypted(reach("verify-full", ca))).toBe(1);
    expect(await refusalOf(reach("verify-full", ca, "127.0.0.1"))).toContain(refused("verify-full"));
    expect(await refusalOf(reach("verify-full", otherCa))).toContain(refused("verify-full"));
    expect(await refusalOf(reach("verify-full", null))).toContain(refused("verify-full"));
  });

  test("commits wait for stable storage where the server would not of itself", async () => {
    await server.run(`alter database ${options.database} set synchronous_commit = off`);
    const database = await openPostgresql(options);
    const ask = sql<{ durability: string }>`select current_setting('synchronous_commit') as durability`;
    await database.migrate((tx) => sql`create table schema_migration (name text)`.execute(tx));
    const { rows } = await database.write((tx) => ask.execute(tx));
    expect(rows).toEqual([{ durability: "on" }]);
    await database.close();
  });
});

async function refusalOf(options: PostgresqlOptions): Promise<string> {
  try {
    await (await openPostgresql(options)).close();
  } catch (error) {
    if (isRefusal(error)) return `${error.code}: ${error.message}`;
    throw error;
  }
  return "it was let in";
}

/** 1 where the connection is encrypted. */
async function encrypted(options: PostgresqlOptions): Promise<number | undefined> {
  const database = await openPostgresql(options);
  const query = sql<{ ssl: number }>`select ssl from pg_stat_ssl where pid = pg_backend_pid()`;
  const { rows } = await query.execute(database.read);
  await database.close();
  return rows[0]?.ssl;
}

import { expect, test } from "bun:test";
import { stringify } from "yaml";
import { describeConfig } from "../../src/config/index.ts";
import { load, refusalOf } from "./support.ts";

const section = `
external_database:
  harbor:
    host: db.corp.example
    port: 5433
    db_name: breakwater
    username: keeper
    password: 0123-not-to-be-seen
    ssl_mode: verify-full
    max_idle_conns: 4
    max_open_conns: 40
    conn_max_lifetime: 5m
  notary_signer:
    host: elsewhere
https: {}
`;

test("Harbor's external_database is PostgreSQL; without it there is none to install", async () => {
  const { config, warnings, cwd } = await load(
    `${section}breakwater: {database: {ca_certificate: db-ca.pem}}`,
    {},
    ["db-ca.pem"],
  );
  expect(config.database).toEqual({
    engine: "postgresql",
    host: "db.corp.example",
    port: 5433,
    name: "breakwater",
    username: "keeper",
    password: "0123-not-to-be-seen",
    sslMode: "verify-full",
    ca: `${cwd}/db-ca.pem`,
    maxIdleConnections: 4,
    maxOpenConnections: 40,
  });
  expect(warnings).toEqual([
    "test.yml: these keys of Harbor's do not apply to Breakwater: external_database.harbor.conn_max_lifetime, external_database.notary_signer.",
  ]);
  expect((await load(undefined)).config.database).toEqual({ engine: "sqlite" });
});

test("what is printed means the same, without the password", async () => {
  const { config } = await load(section);
  const printed = stringify(describeConfig(config));
  expect(printed).not.toMatch(/not-to-be-seen/);
  expect<object>((await load(printed)).config.database).toEqual({ ...config.database, password: "********" });
});

test("the environment alone is enough, and prevails", async () => {
  const env = { BREAKWATER_EXTERNAL_DATABASE_HARBOR_HOST: "other", BREAKWATER_HTTPS_PORT: "8443" };
  const alone = (await load(undefined, env)).config.database;
  expect<object>(alone).toMatchObject({
    engine: "postgresql",
    host: "other",
    port: 5432,
    sslMode: "disable",
  });
  const both = (await load(section, env)).config.database;
  expect<object>(both).toMatchObject({ host: "other", port: 5433, username: "keeper" });
});

test("an unencrypted connection to another machine is warned of", async () => {
  const warningsFor = async (host: string) =>
    (await load(`https: {}\nexternal_database: {harbor: {host: ${host}}}`)).warnings.join();
  expect(await warningsFor("db.corp.example")).toMatch(/PostgreSQL at db\.corp\.example is not encrypted/);
  expect(await warningsFor("localhost")).toBe("");
});

test.each([
  ["external_database: {harbor: {port: 5432}}", "external_database.harbor.host: expected a host name"],
  [
    "external_database: {harbor: {host: a, ssl_mode: prefer}}",
    "expected one of disable, require, verify-ca, verify-full",
  ],
  ["external_database: {harbor: {host: a, max_open_conns: 1}}", "max_open_conns: expected at least 2, or 0"],
  ["external_database: {harbor: {host: a, max_idle_conns: few}}", "expected a whole number from 0 to 10000"],
  [
    "external_database: {harbor: {host: a}}\nbreakwater: {database: {ca_certificate: missing.pem}}",
    "breakwater.database.ca_certificate: expected a file in PEM form that can be read, found no such file",
  ],
])("%s is refused", async (yaml, sentence) => {
  expect(await refusalOf(yaml)).toContain(sentence);
});

test("copies that would each make an authority of their own are warned of", async () => {
  const place = "external_database: {harbor: {host: localhost}}\nstorage_service: {s3: {bucket: images}}";
  const warnings = async (listener: string) => (await load(`${listener}\n${place}`)).warnings.join();
  expect(await warnings("https: {}")).toContain("a certificate authority of its own");
  expect(await warnings("http: {}")).not.toContain("authority");
  const files = "https: {}\nexternal_database: {harbor: {host: localhost}}";
  expect((await load(files)).warnings.join()).toBe("");
});

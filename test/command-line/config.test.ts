import { describe, expect, test } from "bun:test";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parse, stringify } from "yaml";
import { keyPaths, loadConfig, variableOf } from "../../src/config/index.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";
import { breakwater } from "./breakwater.ts";

const EXAMPLE = join(import.meta.dir, "../../deploy/breakwater.yml");

/** Runs `config check` on `yaml`, in a directory where nothing else is. */
async function check(yaml: string, args: readonly string[] = [], env: Record<string, string> = {}) {
  await using directory = await temporaryDirectory("config-check");
  await writeFile(join(directory.path, "test.yml"), yaml);
  return await breakwater(["config", "check", "--config", "test.yml", ...args], { cwd: directory.path, env });
}

describe("config check", () => {
  test("prints what is in effect, without secrets, and warnings apart from it", async () => {
    const { code, stdout, stderr } = await check(
      "hostname: reg.example.com\nharbor_admin_password: Harbor12345\nhttps: {port: 8443}\nuaa: {a: b}",
      [],
      { BREAKWATER_SECRET_KEY: "not-to-be-seen", BREAKWATER_LOG_LEVEL: "error" },
    );
    expect(code).toBe(0);
    expect(parse(stdout)).toMatchObject({
      external_url: "https://reg.example.com:8443",
      harbor_admin_password: "********",
      log: { level: "error" },
      breakwater: { secret_key: "********" },
    });
    expect(stderr.match(/^Warning: /gm)).toHaveLength(2);
    expect(stdout + stderr).not.toMatch(/not-to-be-seen|Harbor12345/);
  });

  test("names all that is wrong on the standard error, exit code 1", async () => {
    const { code, stdout, stderr } = await check("https: {port: x}\nlog: {level: y}");
    expect([code, stdout]).toEqual([1, ""]);
    expect(stderr).toBe(`breakwater: The configuration is not valid:
  https.port (test.yml:1): expected a whole number from 1 to 65535, found "x"
  log.level (test.yml:2): expected one of debug, info, warning, error, fatal, found "y"
`);
  });

  test("shows where in the program an error came from only when asked to", async () => {
    const stack = /at .*settings\.ts:\d+/;
    expect((await check("https: {port: x}", ["--debug"])).stderr).toMatch(stack);
    expect((await check("https: {port: x}", [], { BREAKWATER_LOG_LEVEL: "debug" })).stderr).toMatch(stack);
    expect((await check("https: {port: x}")).stderr).not.toMatch(stack);
  });

  test("takes the file from a variable too", async () => {
    const { code, stdout } = await breakwater(["config", "check"], { env: { BREAKWATER_CONFIG: EXAMPLE } });
    expect(code).toBe(0);
    expect(stdout).toContain("hostname: registry.example.com");
  });
});

test("config variables lists every key", async () => {
  const { stdout } = await breakwater(["config", "variables"]);
  const listed = stdout
    .trimEnd()
    .split("\n")
    .map((line) => line.split(/\s+/));
  expect(listed).toEqual(keyPaths.map((key) => [key, variableOf(key)]));
});

describe("the example file", () => {
  test("is valid and gives nothing to warn of", async () => {
    const { warnings } = await loadConfig({ file: EXAMPLE, env: {}, cwd: "/" });
    expect(warnings).toEqual([]);
  });

  test("shows every key, under its right name", async () => {
    const example = await readFile(EXAMPLE, "utf8");
    // A key that is commented out stands in small letters, with a colon right behind it: prose never does.
    const everything = example.replaceAll(/^( *)# ((?: {2})*[a-z_0-9]+:.*)$/gm, "$1$2");
    await using directory = await temporaryDirectory("example");
    const yaml = everything.replaceAll(
      /\/etc\/breakwater\/(?:tls|database-ca|storage-ca|feeds-ca|feeds)\.(?:crt|key|pub)/g,
      EXAMPLE,
    );
    const tree = parse(yaml) as Record<string, unknown>;
    const {
      filesystem: _,
      azure: __,
      gcs: ___,
      ...storage
    } = tree.storage_service as Record<string, unknown>;
    await writeFile(join(directory.path, "all.yml"), stringify({ ...tree, storage_service: storage }));
    const { warnings } = await loadConfig({ file: "all.yml", env: {}, cwd: directory.path });
    expect(warnings).toEqual([]);
    const missing = keyPaths.filter((key) => {
      let value: unknown = tree;
      for (const part of key.split(".")) value = (value as Record<string, unknown> | undefined)?.[part];
      return value === undefined;
    });
    expect(missing).toEqual([]);
  });
});

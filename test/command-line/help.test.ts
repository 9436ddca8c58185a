import { describe, expect, test } from "bun:test";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { missingCommands, run } from "../support/command.ts";
import { breakwater } from "./breakwater.ts";

const ROOT = join(import.meta.dir, "../..");

test("the program's help names the commands, examples and exit codes", async () => {
  const { code, stdout, stderr } = await breakwater(["--help"]);
  expect([code, stderr]).toEqual([0, ""]);
  for (const part of ["serve", "config", "Examples:", "Exit codes:", "--debug"])
    expect(stdout).toContain(part);
});

test.each([
  [["serve"]],
  [["config", "check"]],
  [["config", "variables"]],
  [["gc"]],
  [["fsck"]],
  [["feeds", "list"]],
  [["feeds", "import"]],
  [["vex", "import"]],
  [["trust", "list"]],
  [["trust", "inspect"]],
  [["admin", "reset-password"]],
])("%p has its own help, on both ways to it", async (command) => {
  const { code, stdout } = await breakwater([...command, "--help"]);
  expect(code).toBe(0);
  expect(stdout).toStartWith(`Usage: breakwater ${command.join(" ")}`);
});

test("the version is the package's", async () => {
  const { version } = JSON.parse(await readFile(join(ROOT, "package.json"), "utf8")) as { version: string };
  expect(await breakwater(["--version"])).toMatchObject({ code: 0, stdout: `${version}\n` });
});

describe("wrong usage is exit code 2, with the way to the help", () => {
  test.each([
    [["sevre"], "unknown command 'sevre'"],
    [["serve", "--wrokers", "2"], "unknown option '--wrokers'"],
    [["serve", "--workers", "0"], "It is a whole number from 1 to 256."],
    [["serve", "--workers", "two"], "It is a whole number from 1 to 256."],
    [["gc", "--grace", "soon"], "It is a duration such as 30m, 2h or 7d."],
    [["serve", "extra"], "too many arguments"],
    [["config", "check", "--config"], "argument missing"],
  ])("%p", async (args, message) => {
    const { code, stdout, stderr } = await breakwater(args);
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toContain(message);
    expect(stderr).toContain("Add --help");
  });

  test("no command at all shows the help", async () => {
    const { code, stderr } = await breakwater([]);
    expect(code).toBe(2);
    expect(stderr).toStartWith("Usage: breakwater");
  });
});

const missing = missingCommands("npx");

test.skipIf(missing !== undefined)(
  `npx finds it${missing === undefined ? "" : ` [${missing}]`}`,
  async () => {
    const { code, stdout } = await run(["npx", "breakwater", "--help"], { cwd: ROOT });
    expect(code).toBe(0);
    expect(stdout).toStartWith("Usage: breakwater");
  },
);

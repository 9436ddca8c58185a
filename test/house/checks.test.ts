import { expect, test } from "bun:test";
import { join } from "node:path";
import { run } from "../support/command.ts";

const ROOT = join(import.meta.dir, "../..");
const tool = (name: string) => join(ROOT, "node_modules/.bin", name);

test("Biome finds nothing to format and nothing to warn of", async () => {
  const { code, output } = await run([tool("biome"), "check", "--error-on-warnings", "."], { cwd: ROOT });
  expect(code, output).toBe(0);
});

test("TypeScript finds no type error", async () => {
  const { code, output } = await run([tool("tsc"), "--noEmit"], { cwd: ROOT });
  expect(code, output).toBe(0);
});

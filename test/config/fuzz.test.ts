import { expect, test } from "bun:test";
import fc from "fast-check";
import { stringify } from "yaml";
import { toConfig } from "../../src/config/config.ts";
import { parseConfig } from "../../src/config/file.ts";
import { formatDuration, keyPaths, loadConfig, parseDuration, variableOf } from "../../src/config/index.ts";
import { nearest } from "../../src/config/nearest.ts";
import { isRefusal } from "../../src/kernel/index.ts";
import { load } from "./support.ts";

async function takenOrRefused(work: () => unknown): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!isRefusal(error, "CONFIG_INVALID")) throw error;
  }
}

const parts = [...new Set(keyPaths.flatMap((key) => key.split(".")))];
const text = fc.oneof(
  fc.string(),
  fc.string({ unit: "binary" }),
  fc.constantFrom("80", "7d", "true", "/a", "::", "a.b"),
);
/** Trees whose keys are often known ones, so that the values below them are reached. */
const { tree } = fc.letrec((tie) => ({
  tree: fc.oneof(
    { maxDepth: 5 },
    text,
    fc.integer(),
    fc.constant(null),
    fc.array(tie("tree"), { maxLength: 3 }),
    fc.dictionary(
      fc.oneof({ weight: 9, arbitrary: fc.constantFrom(...parts) }, { weight: 1, arbitrary: fc.string() }),
      tie("tree"),
      { maxKeys: 8 },
    ),
  ),
}));

test("any YAML is taken or refused, never anything else", async () => {
  await fc.assert(
    fc.asyncProperty(tree, (value) => takenOrRefused(() => load(stringify(value)))),
    { numRuns: 300 },
  );
});

const fragments = fc.constantFrom(
  "http",
  "https",
  "port",
  ":",
  " ",
  "\n",
  "  ",
  "- ",
  "{",
  "}",
  "[",
  "]",
  "&a",
  "*a",
  "<<",
  "?",
  "|",
  ">",
  "'",
  '"',
  "#",
  "!",
  "%",
  "---",
  "80",
  "~",
  ",",
  "\t",
  "\0",
);

test("so is any text, valid YAML or not", async () => {
  const anyText = fc.oneof(
    fc.array(fragments).map((list) => list.join("")),
    fc.string({ unit: "binary" }),
  );
  await fc.assert(
    fc.asyncProperty(anyText, (yaml) =>
      takenOrRefused(() => toConfig({}, parseConfig(yaml, "test.yml").sections, "/")),
    ),
    { numRuns: 5000 },
  );
});

test("so is any value of any variable", async () => {
  const variables = fc.dictionary(fc.constantFrom(...keyPaths.map(variableOf)), text, { maxKeys: 5 });
  await fc.assert(
    fc.asyncProperty(variables, (env) => takenOrRefused(() => loadConfig({ env, cwd: "/" }))),
    { numRuns: 2000 },
  );
});

test("a duration is read as it was written", () => {
  fc.assert(
    fc.property(fc.nat(), (milliseconds) => {
      expect(parseDuration(formatDuration(milliseconds))).toBe(milliseconds);
    }),
  );
  expect(parseDuration("1h30m")).toBe(5_400_000);
  for (const wrong of ["", "h", "1", "1 h", "-1h", "1y", "1h30", `${"9".repeat(30)}d`]) {
    expect(parseDuration(wrong)).toBeUndefined();
  }
});

test("the nearest word is the one that is least changed", () => {
  expect(nearest("prot", ["port", "path", "hostname"])).toBe("port");
  expect(nearest("PORT", ["port"])).toBe("port");
  expect(nearest("x".repeat(200), ["x".repeat(199)])).toBeUndefined();
  expect(nearest("cat", ["elephant"])).toBeUndefined();
});

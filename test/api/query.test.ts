import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { parseCriteria, parseSort } from "../../src/http/api/query.ts";
import { isRefusal } from "../../src/kernel/index.ts";

describe("q", () => {
  test.each([
    ["", []],
    ["name=x", [["name", { kind: "is", value: "x" }]]],
    ["name=a=b", [["name", { kind: "is", value: "a=b" }]]],
    ["name=~x", [["name", { kind: "contains", text: "x" }]]],
    ["name=\\~x", [["name", { kind: "is", value: "~x" }]]],
    ["id=[1~5]", [["id", { kind: "between", min: "1", max: "5" }]]],
    ["id=[~5]", [["id", { kind: "between", min: null, max: "5" }]]],
    ['at=["2020-04-09 02:36:00"~]', [["at", { kind: "between", min: "2020-04-09 02:36:00", max: null }]]],
    ["id={1 2  'three'}", [["id", { kind: "any", values: ["1", "2", "three"] }]]],
    ["id={}", [["id", { kind: "any", values: [] }]]],
    ["labels=(1 2)", [["labels", { kind: "all", values: ["1", "2"] }]]],
    [
      "ProjectID=1,Level=project",
      [
        ["project_id", { kind: "is", value: "1" }],
        ["level", { kind: "is", value: "project" }],
      ],
    ],
    ["tags%3Dnil", [["tags", { kind: "is", value: "nil" }]]],
    ["name=~100%", [["name", { kind: "contains", text: "100%" }]]],
    ["__proto__=x", [["__proto__", { kind: "is", value: "x" }]]],
  ])("%j", (q, expected) => {
    expect([...parseCriteria(q)] as unknown[]).toEqual(expected);
  });

  test.each([
    "name",
    "name=",
    "=x",
    ",",
    "a=1,",
    "name=~",
    "id=[1]",
    "id=[1~2~3]",
    "id=[~]",
    "id=[1~2",
    "id=[",
    "id={1",
    "id={",
    "id=(1",
    "id=(1}",
    "name=a\u0000b",
    "name=a%00b",
    "a=1,".repeat(40),
    `id={${"1 ".repeat(300)}}`,
    `name=${"x".repeat(10_000)}`,
  ])("refuses %j", (q) => {
    expect(() => parseCriteria(q)).toThrow(expect.objectContaining({ code: "BAD_REQUEST" }));
  });

  test("anything at all is read or refused", () => {
    const signs = fc.constantFrom(..."abAB=~[]{}(),\\\"' %2+01_");
    const text = fc.oneof(fc.string(), fc.string({ unit: signs }));
    fc.assert(
      fc.property(text, (q) => {
        try {
          parseCriteria(q);
        } catch (error) {
          if (!isRefusal(error, "BAD_REQUEST")) throw error;
        }
      }),
      { numRuns: 5000 },
    );
  });
});

test("sort", () => {
  expect(parseSort("")).toEqual([]);
  expect(parseSort("name,-creation_time,+UpdateTime")).toEqual([
    { field: "name", descending: false },
    { field: "creation_time", descending: true },
    { field: "update_time", descending: false },
  ]);
  expect(parseSort("-".repeat(1000)).length).toBe(1);
  expect(parseSort(",".repeat(1000)).length).toBe(32);
});

import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { canonicalJson } from "../../src/trust/tuf/canonical-json.ts";
import { TufRefusal } from "../../src/trust/tuf/refusal.ts";

const text = (value: unknown) => Buffer.from(canonicalJson(value)).toString();

/** JSON as metadata may hold it: numbers are integers. */
const json = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 6, depthSize: "small" },
    fc.constant(null),
    fc.boolean(),
    fc.maxSafeInteger(),
    fc.string({ unit: "grapheme" }),
    fc.array(tie("value"), { maxLength: 5 }),
    fc.dictionary(fc.string({ unit: "binary" }), tie("value"), { maxKeys: 6, noNullPrototype: true }),
  ),
})).value;

describe("canonical JSON", () => {
  test.each([
    [{ b: 1, a: [true, null, "x"] }, '{"a":[true,null,"x"],"b":1}'],
    [
      { quote: 'a"b\\c', line: "a\nb\t\u0001", html: "<&>\u2028" },
      '{"html":"<&>\u2028","line":"a\nb\t\u0001","quote":"a\\"b\\\\c"}',
    ],
    [[-0, 0, 2 ** 53, 1e18, -5], "[0,0,9007199254740992,1000000000000000000,-5]"],
    [{}, "{}"],
    [null, "null"],
  ])("%j", (value, expected) => {
    expect(text(value)).toBe(expected);
  });

  test("keys are in the order of their UTF-8 bytes, which is not that of UTF-16", () => {
    expect(text({ "\u{1f600}": 1, "\uff5e": 2, z: 3 })).toBe('{"z":3,"\uff5e":2,"\u{1f600}":1}');
  });

  test("a key that objects inherit from is a key like any other", () => {
    expect(text(JSON.parse('{"constructor":1,"__proto__":{"b":1,"a":2}}'))).toBe(
      '{"__proto__":{"a":2,"b":1},"constructor":1}',
    );
  });

  test.each([1.5, -0.1, 1e19, 1e300, Number.NaN, Number.POSITIVE_INFINITY])(
    "refuses the number %p",
    (number) => {
      expect(() => canonicalJson({ number })).toThrow(TufRefusal);
    },
  );

  test("refuses what is nested too deeply, without exhausting the stack", () => {
    const deep = JSON.parse(`${"[".repeat(100_000)}${"]".repeat(100_000)}`);
    expect(() => canonicalJson(deep)).toThrow("max depth");
  });

  test("does not depend on the order in which keys were written, and changes nothing but that", () => {
    fc.assert(
      fc.property(json, (value) => {
        const written = text(value);
        expect(text(reversed(value))).toBe(written);
        // Control characters stand as they are, which no parser takes; escaped again, it is the same value.
        const escaped = written.replace(
          // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what this is about.
          /[\u0000-\u001f]/g,
          (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, "0")}`,
        );
        expect(JSON.parse(escaped)).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });

  test("sorts keys as their bytes sort", () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.string({ unit: "binary" })), (keys) => {
        const written = text(Object.fromEntries(keys.map((key) => [key, 0])));
        const sorted = [...keys].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
        const expected = sorted.map((key) => `"${key.replace(/["\\]/g, "\\$&")}":0`).join(",");
        expect(written).toBe(`{${expected}}`);
      }),
    );
  });
});

function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).reverse();
  return Object.fromEntries(entries.map(([key, item]) => [key, reversed(item)]));
}

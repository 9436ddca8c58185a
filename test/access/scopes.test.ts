import { expect, test } from "bun:test";
import fc from "fast-check";
import { parseScopes } from "../../src/http/token/scopes.ts";
import { isRefusal } from "../../src/kernel/index.ts";

const plain = (values: string[]) =>
  parseScopes(values).map(({ type, name, actions }) => [type, name, [...actions].join(",")]);

test.each([
  ["one", ["repository:library/alpine:pull"], [["repository", "library/alpine", "pull"]]],
  [
    "several in one parameter and in several",
    ["repository:a/b:pull repository:c/d:push", "registry:catalog:*"],
    [
      ["repository", "a/b", "pull"],
      ["repository", "c/d", "push"],
      ["registry", "catalog", "*"],
    ],
  ],
  [
    "the same twice",
    ["repository:a/b:pull", "repository:a/b:push,pull"],
    [["repository", "a/b", "pull,push"]],
  ],
  [
    "a name with a host and a port",
    ["repository:registry.example.com:8443/a/b:pull"],
    [["repository", "registry.example.com:8443/a/b", "pull"]],
  ],
  ["a class", ["repository(plugin):a/b:pull"], [["repository", "a/b", "pull"]]],
  ["empty actions", ["repository:a/b:,pull,"], [["repository", "a/b", "pull"]]],
  ["what is none", ["", "repository", "repository:a/b", ":a/b:pull", "::", "   "], []],
])("%s", (_, values, expected) => {
  expect(plain(values)).toEqual(expected);
});

test("whatever is written, it is scopes, or too many of them", () => {
  const text = fc.oneof(fc.string(), fc.stringMatching(/^[a-z:/,*() ]{0,80}$/));
  fc.assert(
    fc.property(fc.array(text), (values) => {
      try {
        for (const { type, name } of parseScopes(values)) {
          expect(type).not.toContain(":");
          expect(name).not.toContain(" ");
        }
      } catch (error) {
        expect(isRefusal(error, "BAD_REQUEST")).toBe(true);
      }
    }),
  );
});

test("a scope is read as it was written", () => {
  const part = fc.stringMatching(/^[a-z0-9][a-z0-9./-]{0,20}$/);
  const port = fc.option(fc.nat({ max: 65535 }), { nil: null });
  const actions = fc.uniqueArray(fc.constantFrom("pull", "push", "delete", "*"), { minLength: 1 });
  fc.assert(
    fc.property(part, port, part, actions, (host, number, path, wanted) => {
      const name = number === null ? `${host}/${path}` : `${host}:${number}/${path}`;
      expect(plain([`repository:${name}:${wanted.join(",")}`])).toEqual([
        ["repository", name, wanted.join(",")],
      ]);
    }),
  );
});

test("more than a hundred scopes are refused", () => {
  const scopes = (count: number) =>
    Array.from({ length: count }, (_, n) => `repository:a/b${n}:pull`).join(" ");
  expect(parseScopes([scopes(100)])).toHaveLength(100);
  expect(() => parseScopes([scopes(101)])).toThrow("more than 100 scopes");
});

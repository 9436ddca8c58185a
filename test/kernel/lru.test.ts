import { expect, test } from "bun:test";
import fc from "fast-check";
import { Lru } from "../../src/kernel/index.ts";

test("what was used longest ago is forgotten first", () => {
  const lru = new Lru<string, number>(3);
  for (const [index, key] of ["a", "b", "c"].entries()) lru.set(key, index);
  expect(lru.get("a")).toBe(0);
  lru.set("d", 3);
  expect(["a", "b", "c", "d"].map((key) => lru.get(key))).toEqual([0, undefined, 2, 3]);
});

test("weights count, not entries", () => {
  const lru = new Lru<string, string>(10, (value) => value.length);
  lru.set("a", "12345");
  lru.set("b", "12345");
  lru.set("c", "1");
  expect(lru.get("a")).toBeUndefined();
  expect(lru.size).toBe(2);
});

test("what is too heavy for all of it is not kept, and nothing goes for it", () => {
  const lru = new Lru<string, string>(4, (value) => value.length);
  lru.set("a", "1234");
  lru.set("b", "12345");
  expect(lru.get("b")).toBeUndefined();
  expect(lru.get("a")).toBe("1234");
  lru.set("a", "12345");
  expect(lru.get("a")).toBeUndefined();
});

test("whatever is done with it, it holds what was set last and no more than it may", () => {
  const command = fc.tuple(fc.constantFrom("set", "get", "delete"), fc.nat(8), fc.nat(6));
  fc.assert(
    fc.property(fc.array(command, { maxLength: 200 }), (commands) => {
      const lru = new Lru<number, number>(12, (value) => value);
      const model = new Map<number, number>();
      for (const [what, key, value] of commands) {
        if (what === "set") {
          lru.set(key, value);
          model.set(key, value);
        } else if (what === "delete") {
          lru.delete(key);
          model.delete(key);
        } else expect([undefined, model.get(key)]).toContain(lru.get(key));
        const held = [...model].filter(([known]) => lru.get(known) !== undefined);
        expect(held.reduce((sum, [, weight]) => sum + weight, 0)).toBeLessThanOrEqual(12);
      }
    }),
  );
});

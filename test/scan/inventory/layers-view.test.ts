import { expect, test } from "bun:test";
import fc from "fast-check";
import { LayersView } from "../../../src/scan/inventory/compose/layers-view.ts";
import { Folder } from "../../../src/scan/inventory/layer/folder.ts";

const name = fc.constantFrom("a", "b", "c");
const { folder } = fc.letrec<{ folder: Folder; entry: Folder | string | null }>((tie) => ({
  folder: fc
    .record({
      entries: fc.dictionary(name, tie("entry"), { maxKeys: 3 }),
      whiteouts: fc.array(name, { maxLength: 2 }),
      opaque: fc.integer({ min: 0, max: 5 }).map((roll) => roll === 0),
    })
    .map(({ entries, whiteouts, opaque }) => {
      const made = new Folder();
      for (const [key, entry] of Object.entries(entries)) made.entries.set(key, entry);
      for (const key of whiteouts) made.whiteouts.add(key);
      made.opaque = opaque;
      return made;
    }),
  entry: fc.oneof({ maxDepth: 3 }, fc.constantFrom(null, "a", "../b", "/c/a"), tie("folder")),
}));

/** All paths of up to three parts. */
const paths = [1, 2, 3].flatMap((length) =>
  Array.from({ length: 3 ** length }, (_, index) =>
    Array.from({ length }, (_, part) => "abc"[Math.floor(index / 3 ** part) % 3]).join("/"),
  ),
);

test("what is at a path is the same, be it looked for in all layers at once or in one after the other", () => {
  fc.assert(
    fc.property(fc.array(folder, { minLength: 1, maxLength: 4 }), (roots) => {
      const view = new LayersView(roots);
      for (const path of paths) expect(view.at(path)).toEqual(view.atHeight(path, roots.length - 1));
    }),
    { numRuns: 1000 },
  );
});

test("links are followed only so far for one image, however many paths lead through them", () => {
  const root = new Folder();
  let deepest = root;
  for (let level = 0; level < 2000; level++) {
    const inner = new Folder();
    deepest.entries.set("a", inner);
    deepest = inner;
  }
  const deep = Array(2000).fill("a").join("/");
  deepest.entries.set("l0", null);
  for (let link = 1; link < 40; link++) deepest.entries.set(`l${link}`, `/${deep}/l${link - 1}`);
  root.entries.set("l", `/${deep}/l39`);
  const view = new LayersView([root]);
  expect(view.resolve("l")).toBe(`${deep}/l0`);
  const resolved = Array.from({ length: 10_000 }, (_, path) => view.resolve(`l/${path}`));
  expect(resolved[0]).toBe(`${deep}/l0/0`);
  expect(resolved.at(-1)).toBeNull();
});

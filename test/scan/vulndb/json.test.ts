import { expect, test } from "bun:test";
import fc from "fast-check";
import { jsonOf } from "../../../src/scan/vulndb/formats/json.ts";
import { type Member, membersOf } from "../../../src/scan/vulndb/formats/json-members.ts";

async function* inPieces(text: string, size: number): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

const read = (text: string, size = 7, lists: string[] = []): Promise<Member[]> =>
  Array.fromAsync(membersOf({ name: "x.json", content: inPieces(text, size) }, new Set(lists)));

test("the members of any object are those that JSON.parse finds, wherever it is cut", async () => {
  const objects = fc.dictionary(fc.string({ unit: "binary" }), fc.jsonValue({ maxDepth: 4 }));
  await fc.assert(
    fc.asyncProperty(
      objects,
      fc.integer({ min: 1, max: 40 }),
      fc.constantFrom(0, 2),
      async (object, size, indent) => {
        const text = JSON.stringify(object, null, indent);
        const expected = Object.entries(JSON.parse(text) as object);
        expect((await read(` ${text}\n`, size)).map(({ key, value }) => [key, value])).toEqual(expected);
      },
    ),
  );
});

test("elements of lists come one by one", async () => {
  const elements = fc.array(fc.jsonValue({ maxDepth: 3 }));
  await fc.assert(
    fc.asyncProperty(elements, fc.integer({ min: 1, max: 40 }), async (list, size) => {
      const text = JSON.stringify({ before: [1, [2]], list, "]": "}" }, null, 1);
      const found = await read(text, size, ["list"]);
      expect(found.filter(({ key }) => key === "list").map(({ value }) => value)).toEqual(
        JSON.parse(JSON.stringify(list)),
      );
      expect(found.filter(({ key }) => key !== "list")).toEqual([
        { key: "before", value: [1, [2]] },
        { key: "]", value: "}" },
      ]);
    }),
  );
});

test("what is cut off, goes on, or is no object is refused", async () => {
  const whole = '{"a": [1, {"b": "}"}], "c": null}';
  for (let length = 0; length < whole.length; length++)
    await expect(read(whole.slice(0, length))).rejects.toThrow();
  for (const text of ["[]", "7", `${whole}{}`, `x${whole}`, '{"a" 1}', '{"a": tru}', '{"a": 1]', "{]"])
    await expect(read(text)).rejects.toThrow();
  await expect(read(`{"a": ${"[".repeat(1000)}`)).rejects.toThrow("nested too deeply");
});

test("a document that is deep or endless is refused", async () => {
  const deep = { name: "x.json", content: Buffer.from(`${'{"a":['.repeat(100_000)}`) };
  await expect(jsonOf(deep)).rejects.toThrow("nested too deeply");
  const endless = (async function* () {
    for (;;) yield Buffer.alloc(4 * 1024 * 1024, " ");
  })();
  await expect(jsonOf({ name: "x.json", content: endless })).rejects.toThrow("more than");
});

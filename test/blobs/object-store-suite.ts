import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { type ObjectStore, uploadKey, uploadsPrefix, type Writer } from "../../src/blobs/index.ts";

export interface OpenStore extends AsyncDisposable {
  /** Each a driver of its own on the same storage, as several processes have it. */
  readonly stores: readonly [ObjectStore, ObjectStore];
}

const MiB = 1024 * 1024;
const text = (bytes: Uint8Array | null) => (bytes === null ? null : new TextDecoder().decode(bytes));
let fence = 0;
const nextWriter = (takenOver = false): Writer => ({ fence: ++fence, takenOver });

/** Bytes that differ at every place that a mistake could mix up. */
export function patterned(length: number, seed = 1): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  const words = new Uint32Array(bytes.buffer, 0, length >> 2);
  for (let i = 0; i < words.length; i++) words[i] = Math.imul(i + 1, 2654435761) ^ seed;
  return bytes;
}

export async function readAll(store: ObjectStore, key: string, start?: number, end?: number) {
  return Buffer.concat(await Array.fromAsync(store.read(key, start, end)));
}

async function bodyOf(store: ObjectStore, key: string, start?: number, end?: number): Promise<Uint8Array> {
  return new Response(await store.body(key, start, end)).bytes();
}

/** Writes `bytes` in pieces of an odd size, flushes and closes. */
async function write(
  store: ObjectStore,
  key: string,
  offset: number,
  bytes: Uint8Array,
  writer = nextWriter(),
): Promise<void> {
  const appender = await store.append(key, offset, writer);
  for (let at = 0; at < bytes.length; at += 70_001) {
    const room = appender.write(bytes.subarray(at, at + 70_001));
    if (room !== undefined) await room;
  }
  await appender.flush();
  await appender.close();
}

/** What every driver of the storage's port must do: `describeObjectStore("in a folder", open)`. */
export function describeObjectStore(name: string, open: () => Promise<OpenStore>): void {
  describe(`object store ${name}`, () => {
    let opened: OpenStore;
    let store: ObjectStore;
    let other: ObjectStore;
    beforeAll(async () => {
      opened = await open();
      [store, other] = opened.stores;
    });
    afterAll(async () => opened[Symbol.asyncDispose]());

    describe("small objects", () => {
      test("are there for everybody once they are put, and gone once they are removed", async () => {
        await store.put("small/a/link", "first");
        expect(text(await other.get("small/a/link"))).toBe("first");
        await other.put("small/a/link", Buffer.from("second, longer"));
        expect(text(await store.get("small/a/link"))).toBe("second, longer");
        const before = Date.now() - 60_000;
        const info = await store.stat("small/a/link");
        expect(info).toMatchObject({ key: "small/a/link", size: 14 });
        expect(info?.modifiedAt).toBeGreaterThan(before);
        await store.remove("small/a/link");
        expect(await other.get("small/a/link")).toBeNull();
        expect(await other.stat("small/a/link")).toBeNull();
      });

      test("that are missing are null, and removing them is no error", async () => {
        expect(await store.get("small/none")).toBeNull();
        expect(await store.stat("small/none")).toBeNull();
        await store.remove("small/none");
      });

      test("may be empty, and may have any name that a tag or repository has", async () => {
        const key = "docker/registry/v2/repositories/a.b/c__d-e/_manifests/tags/V1.0_x-Y/current/link";
        await store.put(key, "");
        expect(text(await store.get(key))).toBe("");
        expect((await store.stat(key))?.size).toBe(0);
        expect(await Array.fromAsync(store.list("docker"), (info) => info.key)).toEqual([key]);
      });

      test("are replaced whole when several write them at once", async () => {
        const contents = Array.from({ length: 8 }, (_, i) => String(i).repeat(1000));
        await Promise.all(
          contents.map((content, i) => (i % 2 === 0 ? store : other).put("small/race", content)),
        );
        expect(contents).toContain(text(await store.get("small/race")) ?? "");
      });
    });

    describe("a list", () => {
      test("has what lies under the folder, at any depth, and not what only begins like it", async () => {
        for (const key of ["list/a/1", "list/a/b/2", "list/a/b/c/3", "list/ab", "list/a-b/4"]) {
          await store.put(key, key);
        }
        const found = await Array.fromAsync(store.list("list/a"));
        expect(found.map(({ key, size }) => [key, size]).sort()).toEqual([
          ["list/a/1", 8],
          ["list/a/b/2", 10],
          ["list/a/b/c/3", 12],
        ]);
        expect(await Array.fromAsync(store.list("list/nothing"))).toEqual([]);
      });

      test("is complete with more objects than a page of it holds", async () => {
        const keys = Array.from({ length: 1050 }, (_, i) => `pages/${i % 7}/${i}`);
        for (let from = 0; from < keys.length; from += 50) {
          await Promise.all(keys.slice(from, from + 50).map((key) => store.put(key, "x")));
        }
        const found = await Array.fromAsync(other.list("pages"), (info) => info.key);
        expect(found.sort()).toEqual(keys.sort());
      }, 60_000);
    });

    describe("an object's bytes", () => {
      const large = patterned(3 * MiB + 17);
      beforeAll(() => store.put("bytes/large", large));

      test.each([
        ["whole", undefined, undefined],
        ["from the middle", MiB + 5, undefined],
        ["a range", 1000, 2 * MiB + 3000],
        ["a small range", 7, 8],
        ["a range beyond the end", 3 * MiB, 9 * MiB],
        ["nothing", 5, 5],
      ] as const)("%s", async (_, start, end) => {
        const expected = Buffer.from(large.subarray(start ?? 0, end));
        expect(expected.equals(await readAll(store, "bytes/large", start, end))).toBe(true);
        if (start !== end || start === undefined) {
          expect(expected.equals(await bodyOf(store, "bytes/large", start, end))).toBe(true);
        }
      });

      test("of a reader that stops in the middle are let go", async () => {
        for await (const piece of store.read("bytes/large")) {
          expect(piece.length).toBeGreaterThan(0);
          break;
        }
        expect((await store.get("bytes/large"))?.length).toBe(large.length);
      });
    });

    describe("a staged object", () => {
      const staged = () => uploadKey(crypto.randomUUID());

      test("is moved without what nobody has acknowledged, and not where bytes are missing", async () => {
        const key = staged();
        const bytes = patterned(1_000);
        await write(store, key, 0, bytes);
        await store.put("moved/good", "good");
        const error = await store.move(key, "moved/good", 1_001).catch((refused) => refused);
        expect(error).toMatchObject({ code: "BLOB_UPLOAD_INVALID" });
        expect(await store.get("moved/good")).toEqual(Buffer.from("good"));
        await store.move(key, "moved/first", 600);
        expect(await store.get("moved/first")).toEqual(Buffer.from(bytes.subarray(0, 600)));
        expect(await store.stat(key)).toBeNull();
      });

      test("is written, seen by others, and moved to its place", async () => {
        const key = staged();
        const bytes = patterned(200_000);
        await write(store, key, 0, bytes);
        expect((await other.stat(key))?.size).toBe(bytes.length);
        expect(bytes).toEqual(new Uint8Array(await readAll(other, key, 0, bytes.length)));
        await other.move(key, "moved/one", bytes.length);
        expect(await store.stat(key)).toBeNull();
        await store.settle("moved/one");
        expect(await store.get("moved/one")).toEqual(Buffer.from(bytes));
      });

      test("of many chunks goes on at any offset, in any process", async () => {
        const key = staged();
        const bytes = patterned(23 * MiB + 11);
        const cuts = [0, 1, 5 * MiB, 5 * MiB + 1, 16 * MiB + 77, bytes.length];
        for (const [index, from] of cuts.slice(0, -1).entries()) {
          await write(index % 2 === 0 ? store : other, key, from, bytes.subarray(from, cuts[index + 1]));
        }
        expect(Buffer.from(bytes).equals(await readAll(store, key, 0, bytes.length))).toBe(true);
        expect(
          Buffer.from(bytes.subarray(4 * MiB, 12 * MiB)).equals(await readAll(other, key, 4 * MiB, 12 * MiB)),
        ).toBe(true);
        await store.move(key, "moved/many", bytes.length);
        expect((await other.stat("moved/many"))?.size).toBe(bytes.length);
        expect(Buffer.from(bytes).equals(await readAll(other, "moved/many"))).toBe(true);
      }, 60_000);

      test("loses what lies beyond the offset at which it goes on", async () => {
        const key = staged();
        await write(store, key, 0, patterned(8 * MiB, 1));
        const [kept, rest] = [patterned(8 * MiB, 1).subarray(0, 6 * MiB), patterned(5 * MiB, 2)];
        await write(other, key, 6 * MiB, rest);
        const whole = Buffer.concat([kept, rest]);
        expect(whole.equals(await readAll(store, key, 0, 11 * MiB))).toBe(true);
        await store.move(key, "moved/cut", 11 * MiB);
        expect(whole.equals(await readAll(store, "moved/cut"))).toBe(true);
      }, 60_000);

      test("may be finished at an offset before bytes that nobody acknowledged", async () => {
        const key = staged();
        await write(store, key, 0, patterned(7 * MiB));
        await write(other, key, 6 * MiB, new Uint8Array());
        await other.move(key, "moved/shorter", 6 * MiB);
        expect(
          Buffer.from(patterned(7 * MiB).subarray(0, 6 * MiB)).equals(await readAll(store, "moved/shorter")),
        ).toBe(true);
      });

      test("is durable at each flush, between which it grows", async () => {
        const key = staged();
        const bytes = patterned(300_000);
        const appender = await store.append(key, 0, nextWriter());
        for (let at = 0; at < bytes.length; at += 100_000) {
          await appender.write(bytes.subarray(at, at + 100_000));
          await appender.flush();
          expect(
            Buffer.from(bytes.subarray(0, at + 100_000)).equals(await readAll(other, key, 0, at + 100_000)),
          ).toBe(true);
        }
        await appender.close();
        expect(await Array.fromAsync(store.list(uploadsPrefix), (info) => info.key)).toContain(key);
        await store.remove(key);
        expect(await other.stat(key)).toBeNull();
      });

      test("that does not have the bytes to go on behind is refused", async () => {
        const key = staged();
        await write(store, key, 0, patterned(1000));
        await expect(store.append(key, 1001, nextWriter())).rejects.toMatchObject({
          code: "BLOB_UPLOAD_INVALID",
        });
        await store.remove(key);
      });

      test("takes no harm from a writer that was thought dead", async () => {
        const key = staged();
        const good = patterned(14 * MiB, 1);
        const evil = patterned(14 * MiB, 2);
        const zombie = await store.append(key, 0, nextWriter());
        await zombie.write(good.subarray(0, 6 * MiB));
        await zombie.flush();

        const heir = await other.append(key, 6 * MiB, nextWriter(true));
        await zombie.write(evil.subarray(6 * MiB));
        await zombie.flush().catch(() => {});
        await heir.write(good.subarray(6 * MiB, 9 * MiB));
        await heir.flush();
        await zombie.write(evil.subarray(0, 6 * MiB));
        await zombie.flush().catch(() => {});
        await heir.write(good.subarray(9 * MiB));
        await heir.flush();
        await heir.close();
        await zombie.close();

        expect(Buffer.from(good).equals(await readAll(other, key, 0, good.length))).toBe(true);
        await other.move(key, "moved/undead", good.length);
        expect(Buffer.from(good).equals(await readAll(store, "moved/undead"))).toBe(true);
      }, 60_000);

      test("may be empty, and replaces what lies in its place", async () => {
        const key = staged();
        await store.put("moved/replaced", "what was there");
        await write(store, key, 0, new Uint8Array());
        await store.move(key, "moved/replaced", 0);
        expect((await other.stat("moved/replaced"))?.size).toBe(0);
        const again = staged();
        await write(store, again, 0, Buffer.from("new"));
        await store.move(again, "moved/replaced", 3);
        expect(text(await other.get("moved/replaced"))).toBe("new");
      });
    });

    test("a probe passes and leaves nothing behind", async () => {
      await store.probe();
      await store.sweep(Date.now());
      const left = await Array.fromAsync(store.list("breakwater"), (info) => info.key);
      expect(left.filter((key) => !key.startsWith(uploadsPrefix))).toEqual([]);
    });
  });
}

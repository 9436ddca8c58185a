import { describe, expect, test } from "bun:test";
import { readdir } from "node:fs/promises";
import { relative } from "node:path";
import { createGzip, gzipSync, zstdCompressSync } from "node:zlib";
import type { InspectedLayer, LayerBytes } from "../../../src/scan/inventory/index.ts";
import { decodeLayerInventory, inspectLayer, type LayerLimits } from "../../../src/scan/inventory/index.ts";
import { eventually } from "../../support/eventually.ts";
import { archive, blocks, end, file, hardLink, header } from "./archive.ts";

const second = 1000;
const MiB = 1024 * 1024;

const inspect = (layer: LayerBytes, limits: Partial<LayerLimits> = {}) =>
  inspectLayer(() => layer, { limits });
const failureOf = (layer: InspectedLayer) => ("failure" in layer ? layer.failure : "no failure");
const packagesOf = (layer: InspectedLayer) =>
  "failure" in layer
    ? [layer.failure]
    : decodeLayerInventory(layer.inventory)?.files.flatMap(({ packages }) =>
        packages.map(({ name }) => name),
      );

const status = file("var/lib/dpkg/status", "Package: a\nVersion: 1\n");

/** Whatever `next` gives, for as long as it is asked. */
function endless(next: () => Uint8Array): ReadableStream<Uint8Array> {
  return new ReadableStream({ pull: (controller) => controller.enqueue(next()) });
}

describe("a layer in a process of its own", () => {
  test("is read from a file, from memory and from a stream", async () => {
    const bytes = gzipSync(await archive([status]));
    expect(packagesOf(await inspect(new Blob([bytes])))).toEqual(["a"]);
    expect(packagesOf(await inspect(new Blob([bytes]).stream()))).toEqual(["a"]);
    const path = `${process.env.TMPDIR ?? "/tmp"}/breakwater-layer-${crypto.randomUUID()}`;
    await Bun.write(path, bytes);
    expect(packagesOf(await inspect(Bun.file(path)))).toEqual(["a"]);
    expect(packagesOf(await inspect(Bun.file(relative(process.cwd(), path))))).toEqual(["a"]);
    await Bun.file(path).delete();
  });

  test("is read a second time for the sake of hard links", async () => {
    const names = Array.from(
      { length: 2000 },
      (_, i) => `${"deep/".repeat(20)}node_modules/m${i}/package.json`,
    );
    const store = names.map((_, i) =>
      file(`store/${i}`, JSON.stringify({ name: `m${i}`, version: "1.0.0" })),
    );
    const links = names.map((name, i) => hardLink(name, `store/${i}`));
    const bytes = new Blob([zstdCompressSync(await archive([...store, ...links]))]);
    let opened = 0;
    const layer = await inspectLayer(() => {
      opened++;
      return bytes.stream();
    });
    expect(packagesOf(layer)).toEqual(names.map((_, i) => `m${i}`));
    expect(opened).toBe(2);
  });

  test("of which the bytes cannot be had is nobody's failure but the storage's", async () => {
    const broken = new ReadableStream({
      pull: (controller) => controller.error(new Error("the storage is gone")),
    });
    expect(inspect(broken)).rejects.toThrow("the storage is gone");
    expect(inspectLayer(() => Promise.reject(new Error("no such blob")))).rejects.toThrow("no such blob");
  });

  test("ends when it is to end", async () => {
    const controller = new AbortController();
    const forever = inspectLayer(() => endless(() => header({ name: "a" })), { signal: controller.signal });
    setTimeout(() => controller.abort(new Error("shutting down")), 100);
    expect(forever).rejects.toThrow("shutting down");
  });

  test("has nothing of this process's environment", async () => {
    process.env.BREAKWATER_TEST_SECRET = "secret";
    const before = new Set(await children());
    const reading = inspect(new ReadableStream({ pull: () => new Promise(() => {}) }), {
      milliseconds: second,
    });
    const isNew = (pid: string) => !before.has(pid);
    const child = await eventually(
      async () => (await children()).find(isNew),
      (pid) => pid !== undefined,
    );
    const environment = await Bun.file(`/proc/${child}/environ`).text();
    expect(environment).not.toContain("SECRET");
    expect(environment).not.toContain("PATH=");
    delete process.env.BREAKWATER_TEST_SECRET;
    await reading;
  });
});

async function children(): Promise<string[]> {
  const pid = process.pid;
  const tasks = await readdir(`/proc/${pid}/task`);
  const lists = tasks.map((task) => Bun.file(`/proc/${pid}/task/${task}/children`).text());
  return (await Promise.all(lists)).flatMap((list) => list.split(" ").filter((each) => each !== ""));
}

describe("hostile layers end in words", () => {
  /** A gigabyte of zeros behind a header, as a megabyte. */
  const bomb = () => {
    const gzip = createGzip();
    gzip.write(header({ name: "bomb", size: 8 ** 10 }));
    const zeros = Buffer.alloc(MiB);
    (async () => {
      for (let i = 0; i < 1024; i++)
        if (!gzip.write(zeros)) await new Promise((resolve) => gzip.once("drain", resolve));
      gzip.end();
    })();
    return new ReadableStream<Uint8Array>({
      async start(controller) {
        for await (const piece of gzip) controller.enqueue(piece as Uint8Array);
        controller.close();
      },
    });
  };

  test("a bomb, by the limit of bytes", async () => {
    expect(await inspect(bomb(), { uncompressedBytes: 256 * MiB })).toEqual({
      failure: `The layer is larger than ${256 * MiB} bytes, unpacked.`,
      mayPass: false,
    });
  });

  test("an archive without an end, by the limit of entries", async () => {
    const entries = Buffer.concat(Array.from({ length: 2000 }, () => header({ name: `${Math.random()}` })));
    const failure = failureOf(
      await inspect(
        endless(() => entries),
        { entries: 20_000, milliseconds: 60 * second },
      ),
    );
    expect(failure).toContain("20000 files and folders");
  });

  test("one that never comes, by the limit of time", async () => {
    const silent = new ReadableStream<Uint8Array>({ pull: () => new Promise(() => {}) });
    expect(await inspect(silent, { milliseconds: 300 })).toEqual({
      failure: "Reading the layer took longer than 0.3 seconds.",
      mayPass: true,
    });
  });

  test("one that takes too much memory, by that limit", async () => {
    const failure = failureOf(
      await inspect(
        endless(() => header({ name: crypto.randomUUID() })),
        { memoryBytes: 20 * MiB },
      ),
    );
    expect(failure).toContain("bytes of memory");
  });

  test("one with too much in it, by the limit of what is written down", async () => {
    const many = await archive(Array.from({ length: 500 }, () => file(crypto.randomUUID())));
    expect(failureOf(await inspect(new Blob([many]), { outputBytes: 1000 }))).toContain(
      "more than 1000 bytes to write down",
    );
  });

  test("more hard links than can be asked for", async () => {
    const deep = "folder/".repeat(60);
    const links = Array.from({ length: 3000 }, (_, i) =>
      hardLink(`${deep}node_modules/${i}/package.json`, "s"),
    );
    const layer = await inspect(
      new Blob([await archive([file("s", '{"name":"m","version":"1.0.0"}'), ...links])]),
    );
    if ("failure" in layer) throw new Error(layer.failure);
    const files = decodeLayerInventory(layer.inventory)?.files ?? [];
    expect(files).toHaveLength(links.length);
    expect(files.filter(({ failures }) => failures.length > 0).length).toBeGreaterThan(0);
  });

  test("what never comes after the archive's end is not waited for", async () => {
    let pieces = 0;
    const stream = new ReadableStream<Uint8Array>({
      pull: (controller) => (pieces++ === 0 ? controller.enqueue(end) : new Promise(() => {})),
    });
    expect(packagesOf(await inspect(stream, { milliseconds: 60 * second }))).toEqual([]);
  });

  test("headers that lie about sizes", async () => {
    const lies = {
      "var/lib/dpkg/status": header({ name: "var/lib/dpkg/status", size: 8 ** 11 - 1 }),
      "usr/bin/program": Buffer.concat([
        header({ name: "usr/bin/program", size: 8 ** 11 - 1 }),
        blocks("\x7fELF"),
      ]),
    };
    for (const bytes of Object.values(lies))
      expect(failureOf(await inspect(new Blob([bytes])))).toBe(
        "The layer ends in the middle of its tar archive.",
      );
  });

  test("nothing at all, and something else", async () => {
    expect(failureOf(await inspect(new Blob([])))).toBe("The layer is empty.");
    expect(failureOf(await inspect(new Blob(["<html>".repeat(200)])))).toContain("not a tar archive");
  });

  test("as many entries as few images have take less than 300 MB", async () => {
    const [folders, files] = [150, 1000];
    let folder = 0;
    const stream = new ReadableStream<Uint8Array>({
      pull(controller) {
        controller.enqueue(numbered(`folder-${folder++}/file-`, files));
        if (folder < folders) return;
        controller.enqueue(end);
        controller.close();
      },
    });
    expect(packagesOf(await inspect(stream, { memoryBytes: 300e6 }))).toEqual([]);
  });

  /** Headers of files that differ in the last six digits of their names. */
  function numbered(prefix: string, count: number): Buffer {
    const digits = 6;
    const zero = header({ name: `${prefix}${"0".repeat(digits)}` });
    const sum = Number.parseInt(zero.toString("latin1", 148, 154), 8);
    const all = Buffer.alloc(count * zero.length);
    for (let i = 0; i < count; i++) {
      const number = String(i).padStart(digits, "0");
      const more = [...number].reduce((total, digit) => total + Number(digit), 0);
      zero.copy(all, i * zero.length);
      all.write(number, i * zero.length + prefix.length);
      all.write((sum + more).toString(8).padStart(6, "0"), i * zero.length + 148);
    }
    return all;
  }
});

import { describe, expect, test } from "bun:test";
import { gzipSync, zstdCompressSync } from "node:zlib";
import type { Analyzer } from "../../../src/scan/inventory/analyzer.ts";
import { UnreadableFile } from "../../../src/scan/inventory/analyzer.ts";
import { decodeLayerInventory, encodeLayerInventory } from "../../../src/scan/inventory/layer/inventory.ts";
import type { LayerLimits } from "../../../src/scan/inventory/layer/limits.ts";
import {
  archive,
  blocks,
  byContent,
  type Entry,
  end,
  file,
  folder,
  hardLink,
  header,
  type ReadOptions,
  read,
  symlink,
} from "./archive.ts";

const MiB = 1024 * 1024;

/** Packages as `path=name`, in order. */
async function found(entries: readonly Entry[], options: ReadOptions = {}): Promise<string[]> {
  const { inventory } = await read(await archive(entries), { analyzers: [byContent], ...options });
  return inventory.files
    .flatMap(({ path, packages }) => packages.map(({ name }) => `${path}=${name}`))
    .sort();
}

const failing = (error: Error): Analyzer => ({
  type: "gem",
  wants: () => true,
  analyze() {
    throw error;
  },
});

describe("paths in a layer", () => {
  for (const path of ["a/p", "./a/p", "/a/p", "//a/./p", "a/b/../p", "../../a/p", "a/p/"])
    test(`${path} is a/p`, async () => {
      const tar = Buffer.concat([header({ name: path, size: 1 }), blocks("x"), end]);
      const { inventory } = await read(tar, { analyzers: [byContent] });
      expect(inventory.files.map((each) => each.path)).toEqual(["a/p"]);
    });

  test("the last of several entries counts", async () => {
    expect(await found([file("p", "old"), file("p", "new")])).toEqual(["p=new"]);
    expect(await found([file("p", "old"), symlink("p", "q")])).toEqual([]);
    expect(await found([file("p", "old"), folder("p")])).toEqual([]);
    expect(await found([file("a/p", "old"), file("a"), file("b/p", "other")])).toEqual(["b/p=other"]);
    expect(await found([file("a/p", "old"), file("a"), file("a/p", "new")])).toEqual(["a/p=new"]);
    expect(await found([file("a/p", "one"), folder("a"), file("a/p2", "two")])).toEqual([
      "a/p2=two",
      "a/p=one",
    ]);
  });

  test("what is put through a link of the layer is where the link points to", async () => {
    const links = [symlink("lib", "usr/lib"), symlink("usr/up", "../opt"), symlink("abs", "/lib")];
    const files = [file("lib/p", "1"), file("usr/up/p", "2"), file("abs/x/p", "3")];
    expect(await found([...links, ...files])).toEqual(["opt/p=2", "usr/lib/p=1", "usr/lib/x/p=3"]);
    expect(await found([file("lib/p", "1"), symlink("lib", "usr/lib"), file("lib/p", "2")])).toEqual([
      "usr/lib/p=2",
    ]);
  });

  test("a path through links that go round is refused", async () => {
    const tar = await archive([symlink("a", "b"), symlink("b", "a"), file("a/p")]);
    expect(read(tar)).rejects.toThrow("too many symbolic links");
  });

  test("names that objects have by themselves are names like others", async () => {
    expect(await found([file("__proto__/p", "1"), file("constructor/p", "2")])).toEqual([
      "__proto__/p=1",
      "constructor/p=2",
    ]);
  });
});

describe("hard links", () => {
  test("have what the file has that they link to", async () => {
    expect(await found([file("a/p", "1"), hardLink("b/p", "a/p"), hardLink("c/q", "a/p")])).toEqual([
      "a/p=1",
      "b/p=1",
    ]);
  });

  test("keep it when that file is replaced or gone", async () => {
    expect(await found([file("a/p", "1"), hardLink("b/p", "./a/p"), file("a/p", "2")])).toEqual([
      "a/p=2",
      "b/p=1",
    ]);
    expect(await found([file("a/p", "1"), hardLink("b/p", "/a/p"), file("a", "")])).toEqual(["b/p=1"]);
  });

  test("under a name that is wanted, to a file under one that is not, have the layer read again", async () => {
    const tar = await archive([file("store/00", "1"), hardLink("p", "store/00"), hardLink("q", "store/00")]);
    const first = await read(tar, { analyzers: [byContent] });
    expect(first.inventory.files).toEqual([]);
    expect(first.missedLinks).toEqual([{ target: "store/00", path: "p" }]);
    const second = await read(tar, { analyzers: [byContent], links: first.missedLinks });
    expect(second.missedLinks).toEqual([]);
    expect(second.inventory.files.map(({ path, packages }) => [path, packages[0]?.name])).toEqual([
      ["p", "1"],
    ]);
  });

  test("to other links, and to sparse files, are said to be unreadable where they are wanted", async () => {
    const sparse = header({ name: "q", type: "S" });
    const links = await archive([
      file("a", "1"),
      hardLink("b", "a"),
      hardLink("p1", "b"),
      hardLink("p2", "q"),
    ]);
    const tar = Buffer.concat([sparse, links]);
    const { missedLinks } = await read(tar, { analyzers: [byContent] });
    const { inventory } = await read(tar, { analyzers: [byContent], links: missedLinks });
    expect(inventory.files.map(({ path, failures }) => [path, failures.length])).toEqual([
      ["p1", 1],
      ["p2", 1],
    ]);
  });

  test("to what the layer does not hold are said to be unreadable", async () => {
    const { inventory } = await read(await archive([hardLink("p", "gone")]), { analyzers: [byContent] });
    expect(inventory.files[0]?.failures).toEqual([
      "It is a hard link to a file that the layer does not hold.",
    ]);
  });
});

describe("files that cannot be read", () => {
  test("a sparse one says so", async () => {
    const tar = Buffer.concat([header({ name: "p", type: "S" }), end]);
    const { inventory } = await read(tar, { analyzers: [byContent] });
    expect(inventory.files[0]?.failures).toEqual(["It is stored as a sparse file, which is not read."]);
  });

  test("whatever an analyzer throws is a failure of that file, in words", async () => {
    const analyzers = [
      failing(new UnreadableFile("It is no gem.")),
      failing(new RangeError("Out of bounds")),
      byContent,
    ];
    const { inventory } = await read(await archive([file("p", "x"), file("p2", "y")]), { analyzers });
    const failures = inventory.files.flatMap((each) =>
      each.failures.map((failure) => `${each.path}: ${failure}`),
    );
    expect(failures).toEqual([
      "p: It is no gem.",
      "p: It is malformed: Out of bounds.",
      "p2: It is no gem.",
      "p2: It is malformed: Out of bounds.",
    ]);
    expect(inventory.files.flatMap(({ packages }) => packages.map(({ name }) => name))).toEqual(["x", "y"]);
  });

  test("one above the limit says so, unless by its first bytes nobody wants it", async () => {
    const picky: Analyzer = { ...byContent, accepts: ([first]) => first === 65 };
    const limits = { fileBytes: 1000 };
    const tar = await archive([
      file("p1", "A".repeat(1001)),
      file("p2", "B".repeat(1001)),
      file("p3", "A".repeat(1000)),
    ]);
    const { inventory } = await read(tar, { analyzers: [picky], limits });
    expect(inventory.files.map(({ path, failures }) => [path, failures.length])).toEqual([
      ["p1", 1],
      ["p3", 0],
    ]);
  });

  test("one above the limit is not written to the disk, and what all of them may take there is bounded", async () => {
    const large = (...names: string[]) => archive(names.map((name) => file(name, Buffer.alloc(65 * MiB, 7))));
    const sized: Analyzer = {
      type: "gem",
      wants: () => true,
      *analyze({ size }) {
        yield { failure: `read ${size}` };
      },
    };
    const failures = async (tar: Buffer, limits: Partial<LayerLimits>, temporaryFolder?: string) => {
      const options = temporaryFolder === undefined ? {} : { temporaryFolder };
      const { inventory } = await read(tar, { analyzers: [sized], limits, ...options });
      return inventory.files.flatMap(({ failures }) => failures);
    };
    const size = 65 * MiB;
    expect(await failures(await large("a"), { fileBytes: size - 1 }, "/there/is/no/such/folder")).toEqual([
      `It is ${size} bytes large; up to ${size - 1} are read.`,
    ]);
    expect(await failures(await large("a", "b"), { diskBytes: 2 * size - 1 })).toEqual([
      `read ${size}`,
      expect.stringContaining(`more than ${2 * size - 1} bytes together`),
    ]);
  });

  test("a name without an end is no name", async () => {
    expect(await found([file("p", "n".repeat(1024))])).toHaveLength(1);
    const { inventory } = await read(await archive([file("p", "n".repeat(1025))]), {
      analyzers: [byContent],
    });
    expect(inventory.files[0]?.failures).toHaveLength(1);
  });
});

describe("content", () => {
  test("comes whole to the analyzer, in memory and by way of a temporary file", async () => {
    const sizes = [0, 1, 511, 512, 513, 70_000, 65 * 1024 * 1024];
    const seen: [number, number, boolean][] = [];
    const analyzer: Analyzer = {
      type: "gem",
      wants: () => true,
      accepts: (head, size) => head.length === Math.min(size, 512),
      analyze({ size, read, bytes }) {
        const last = read(size - 3, 10);
        const isRight = Buffer.from(bytes()).equals(Buffer.alloc(size, 7)) && read(size, 5).length === 0;
        seen.push([size, last.length, isRight]);
        return [];
      },
    };
    await read(await archive(sizes.map((size, i) => file(`f${i}`, Buffer.alloc(size, 7)))), {
      analyzers: [analyzer],
    });
    expect(seen).toEqual(sizes.map((size) => [size, Math.min(size, 3), true]));
  });
});

describe("compression", () => {
  const plain = archive([file("a/p", "1")]);
  const skipped = Buffer.from([0x50, 0x2a, 0x4d, 0x18, 4, 0, 0, 0, 1, 2, 3, 4]);
  const half = (bytes: Buffer) => [bytes.subarray(0, 700), bytes.subarray(700)] as const;
  const forms: Record<string, (tar: Buffer) => Buffer> = {
    none: (tar) => tar,
    gzip: (tar) => gzipSync(tar),
    "gzip of several members": (tar) => Buffer.concat(half(tar).map((each) => gzipSync(each))),
    "gzip with zeros behind it": (tar) => Buffer.concat([gzipSync(tar), Buffer.alloc(300)]),
    zstd: (tar) => zstdCompressSync(tar),
    "zstd of several frames, one of them to be skipped": (tar) => {
      const [first, second] = half(tar).map((each) => zstdCompressSync(each));
      return Buffer.concat([first as Buffer, skipped, second as Buffer, skipped]);
    },
    "zstd behind frames to be skipped": (tar) => {
      const other = Buffer.from(skipped).fill(0x5f, 0, 1);
      return Buffer.concat([other, skipped, zstdCompressSync(tar)]);
    },
  };
  for (const [form, compress] of Object.entries(forms))
    for (const piece of [7, 65_536])
      test(`${form}, in pieces of ${piece} bytes`, async () => {
        const { inventory } = await read(compress(await plain), { analyzers: [byContent], piece });
        expect(inventory.files.map(({ path }) => path)).toEqual(["a/p"]);
      });

  for (const form of ["none", "gzip", "zstd"])
    test(`what is cut short is refused (${form})`, async () => {
      // As long as two full blocks of zeros have come, the rest is of no interest.
      const bytes = forms[form]?.(
        await archive([file("a/p", Buffer.from(crypto.getRandomValues(new Uint8Array(9000))))]),
      ) as Buffer;
      for (const length of [0, 1, 3, 100, 600, 5000])
        expect(read(bytes.subarray(0, length))).rejects.toThrow("The layer");
    });

  test("what is compressed in another way is named", () => {
    expect(read(Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0, 0, 0, 0]))).rejects.toThrow(
      "compressed with xz",
    );
    expect(read(Buffer.from("BZh91AY&SY"))).rejects.toThrow("compressed with bzip2");
    expect(read(Buffer.from("PK\x03\x04 no tar archive at all".padEnd(600)))).rejects.toThrow(
      "not a tar archive",
    );
  });
});

describe("limits", () => {
  const files = (count: number) => archive(Array.from({ length: count }, (_, i) => file(`f/p${i}`, `${i}`)));

  const cases: Record<string, [entries: () => Promise<Buffer>, ReadOptions["limits"], message: string]> = {
    bytes: [() => files(20), { uncompressedBytes: 10_000 }, "larger than 10000 bytes"],
    entries: [() => files(20), { entries: 20 }, "more than 20 files and folders"],
    "folders that are only parts of paths": [
      () => archive([file("a/".repeat(30))]),
      { entries: 20 },
      "more than 20",
    ],
    "a path": [() => archive([file("a".repeat(300))]), { pathCharacters: 299 }, "a path of 300 characters"],
    "all names": [() => files(20), { nameCharacters: 30 }, "more than 30 characters"],
    packages: [() => files(20), { packages: 19 }, "more than 19 packages"],
  };
  for (const [what, [tar, limits, message]] of Object.entries(cases))
    test(`of ${what}`, async () => {
      const bytes = await tar();
      expect(read(bytes, { limits: limits ?? {}, analyzers: [byContent] })).rejects.toThrow(message);
      await read(bytes, { analyzers: [byContent] });
    });
});

test("an inventory comes back as it was stored, and one of another reader does not", async () => {
  const entries = [file("a/p", "1"), symlink("l", "a"), file("a/.wh.b"), file("c/.wh..wh..opq"), folder("d")];
  const { inventory } = await read(await archive(entries), { analyzers: [byContent] });
  expect(decodeLayerInventory(encodeLayerInventory(inventory, 1000))).toEqual(inventory);
  expect(decodeLayerInventory(encodeLayerInventory({ ...inventory, reader: -1 }, 1000))).toBeNull();
  expect(() => encodeLayerInventory(inventory, 100)).toThrow("more than 100 bytes to write down");
});

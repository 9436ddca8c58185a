import { describe, expect, test } from "bun:test";
import { createReadStream } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { UnreadableLayer } from "../../../src/scan/inventory/layer/unreadable-layer.ts";
import { type TarEntry, TarReader } from "../../../src/scan/inventory/tar/tar-reader.ts";
import { mustRun } from "../../support/command.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";
import { archive, blocks, type Entry, end, header, withChecksum } from "./archive.ts";

type ReadEntry = Pick<TarEntry, "name" | "kind" | "link"> & { readonly content: string };

/** All entries, their contents too unless `skip` says that nobody wants them. */
function entriesOf(pieces: readonly Buffer[], skip: (entry: TarEntry) => boolean = () => false): ReadEntry[] {
  const entries: ReadEntry[] = [];
  const contents: Buffer[][] = [];
  const reader = new TarReader({
    entry(entry) {
      const { name, kind, link } = entry;
      contents.push([]);
      entries.push({ name, kind, link, content: "" });
      return !skip(entry);
    },
    data: (piece) => contents.at(-1)?.push(Buffer.from(piece)),
    end: () => {},
  });
  for (const piece of pieces) reader.feed(piece);
  reader.finish();
  return entries.map((entry, index) => ({
    ...entry,
    content: Buffer.concat(contents[index] ?? []).toString("hex"),
  }));
}

function cut(bytes: Buffer, sizes: readonly number[]): Buffer[] {
  const pieces: Buffer[] = [];
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const size = sizes[i % sizes.length] ?? 1;
    pieces.push(bytes.subarray(at, at + size));
    at += size;
  }
  return pieces;
}

const name = fc.stringMatching(/^[a-zé€]{1,9}(\/[a-z ]{1,40}){0,6}$/).filter((each) => !each.endsWith("/"));
const entry = fc.oneof(
  fc.record({ name, content: fc.uint8Array({ maxLength: 3000 }) }),
  fc.record({ name, type: fc.constant("directory" as const) }),
  fc.record({ name, type: fc.constantFrom("symlink" as const, "link" as const), linkname: name }),
);

describe("the tar reader", () => {
  test("reads what tar-stream writes, however it is cut into pieces", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(entry, { maxLength: 12 }),
        fc.array(fc.integer({ min: 1, max: 2000 }), { minLength: 1, maxLength: 5 }),
        async (given, sizes) => {
          const entries: Entry[] = given.map((each) =>
            "content" in each ? { ...each, content: Buffer.from(each.content) } : each,
          );
          const found = entriesOf(cut(await archive(entries), sizes));
          const expected = entries.map((each) => ({
            name: each.name,
            kind: kinds[each.type as keyof typeof kinds] ?? "file",
            link: each.linkname ?? "",
            content: Buffer.from(each.content ?? "").toString("hex"),
          }));
          expect(found.map((each) => ({ ...each, name: each.name.replace(/\/$/, "") }))).toEqual(expected);
        },
      ),
      { numRuns: 80 },
    );
  });
  const kinds = { directory: "folder", symlink: "symlink", link: "hardlink" } as const;

  test("contents that nobody wants change nothing else", async () => {
    const tar = await archive([
      { name: "a", content: Buffer.alloc(5000, 1) },
      { name: "b", content: "b" },
    ]);
    const found = entriesOf(cut(tar, [700]), ({ name }) => name === "a");
    expect(found.map(({ name, content }) => [name, content])).toEqual([
      ["a", ""],
      ["b", "62"],
    ]);
  });

  for (const format of ["v7", "ustar", "gnu", "posix"]) {
    test(`reads GNU tar's own archives (${format})`, async () => {
      await using directory = await temporaryDirectory("tar");
      const long =
        format === "v7" ? "long" : `${"folder/".repeat(14)}${"n".repeat(format === "ustar" ? 90 : 150)}`;
      await mustRun(["mkdir", "-p", join(directory.path, long, "..")]);
      await writeFile(join(directory.path, long), "content");
      await mustRun(["ln", "-s", long.slice(0, 99), join(directory.path, "link")]);
      const tar = join(directory.path, "archive.tar");
      await mustRun(["tar", `--format=${format}`, "-C", directory.path, "-cf", tar, long, "link"]);
      const found = entriesOf(await Array.fromAsync(createReadStream(tar) as AsyncIterable<Buffer>));
      expect(found).toEqual([
        { name: long, kind: "file", link: "", content: Buffer.from("content").toString("hex") },
        { name: "link", kind: "symlink", link: long.slice(0, 99), content: "" },
      ]);
    });
  }

  for (const format of ["gnu", "posix"]) {
    test(`finds its way past sparse files (${format})`, async () => {
      await using directory = await temporaryDirectory("tar");
      // Many holes, so that the map does not fit into one header.
      const holes = Array.from({ length: 40 }, (_, i) => `seek=${i * 64}`);
      const sparse = join(directory.path, "sparse");
      for (const hole of holes)
        await mustRun(["dd", "if=/etc/passwd", `of=${sparse}`, "bs=4096", "count=1", "conv=notrunc", hole]);
      await writeFile(join(directory.path, "after"), "after");
      const tar = join(directory.path, "archive.tar");
      const command = [
        "tar",
        "--sparse",
        `--format=${format}`,
        "-C",
        directory.path,
        "-cf",
        tar,
        "sparse",
        "after",
      ];
      await mustRun(command);
      const seen: TarEntry[] = [];
      const reader = new TarReader({ entry: (each) => seen.push(each) < 0, data: () => {}, end: () => {} });
      for await (const piece of createReadStream(tar)) reader.feed(piece as Buffer);
      reader.finish();
      expect(seen.map((each) => [each.name, each.sparse])).toEqual([
        ["sparse", true],
        ["after", false],
      ]);
    });
  }

  test("takes sizes in GNU's binary form, and those that PAX names", () => {
    const binary = Buffer.concat([Buffer.from([0x80]), Buffer.alloc(10), Buffer.from([3])]).toString(
      "latin1",
    );
    const pax = "10 size=3\n";
    const tar = [
      header({ name: "binary", size: binary }),
      blocks("abc"),
      header({ name: "pax", type: "x", size: pax.length }),
      blocks(pax),
      header({ name: "pax", size: 0 }),
      blocks("def"),
      end,
    ];
    expect(entriesOf(tar).map(({ content }) => Buffer.from(content, "hex").toString())).toEqual([
      "abc",
      "def",
    ]);
  });

  test("leaves global extended headers out, as container engines do", () => {
    const pax = "17 path=elsewhere\n".replace("17", "18");
    const tar = [header({ type: "g", size: pax.length }), blocks(pax), header({ name: "here" }), end];
    expect(entriesOf(tar).map(({ name }) => name)).toEqual(["here"]);
  });

  const pax = (record: string) => [header({ type: "x", size: record.length }), blocks(record)];

  test("what was said before a global extended header is of no entry behind it, as in Go's reader", () => {
    const global = [header({ type: "g", size: 10 }), blocks("10 size=3\n")];
    const tar = [...pax("18 path=elsewhere\n"), ...global, header({ name: "here" }), end];
    expect(entriesOf(tar).map(({ name }) => name)).toEqual(["here"]);
  });

  test("takes a file without a type and with a slash behind its name for a folder, without content", () => {
    const tar = [header({ name: "a/", type: "\0", size: 3 }), header({ name: "b", type: "\0" }), end];
    expect(entriesOf(tar).map(({ name, kind }) => [name, kind])).toEqual([
      ["a/", "folder"],
      ["b", "file"],
    ]);
  });

  test("takes GNU's prefix for one where no times are, as old archives of Go's have it", () => {
    const gnu = (prefix: string) => {
      const block = header({ name: "name" });
      block.write("ustar  \0", 257);
      block.write(prefix, 345);
      return withChecksum(block);
    };
    const tar = [gnu("folder"), gnu("12345670123\x0012345670123\0"), gnu("\xff"), end];
    expect(entriesOf(tar).map(({ name }) => name)).toEqual(["folder/name", "name", "name"]);
  });

  test("takes the name of a sparse file only where the records tell of one", () => {
    const name = "22 GNU.sparse.name=a/b\n".replace("22", "23");
    const version = "22 GNU.sparse.major=1\n22 GNU.sparse.minor=0\n";
    const map = "22 GNU.sparse.map=0,1\n";
    const tar = [name, `${version}${name}`, `${map}${name}`].flatMap((said) => [
      ...pax(said),
      header({ name: "here" }),
    ]);
    expect(entriesOf([...tar, end]).map((each) => each.name)).toEqual(["here", "a/b", "a/b"]);
  });

  const refused: Record<string, readonly Buffer[]> = {
    "a wrong checksum": [Buffer.alloc(512, 1), end],
    "a negative size": [header({ name: "a", size: `${"\xff".repeat(12)}` }), end],
    "a size that is no number": [header({ name: "a", size: "9999999x" }), end],
    "an extended header of a gigabyte": [header({ type: "x", size: 2 ** 30 }), Buffer.alloc(1 << 20)],
    "a long name of a gigabyte": [header({ type: "L", size: 2 ** 30 }), Buffer.alloc(1 << 20)],
    "a PAX record that is longer than its header": [
      header({ type: "x", size: 12 }),
      blocks("99 path=abc\n"),
      end,
    ],
    "a PAX record without a length": [header({ type: "x", size: 9 }), blocks("path=abc\n"), end],
    "a PAX path with a zero byte": [header({ type: "x", size: 12 }), blocks("12 path=a\0b\n"), end],
    "a PAX size below zero": [header({ type: "x", size: 11 }), blocks("11 size=-1\n"), end],
    "a content that ends early": [header({ name: "a", size: 5000 }), Buffer.alloc(512)],
    "half a header": [header({ name: "a" }).subarray(0, 100)],
    "an extended header without an entry": [header({ type: "L", size: 3 }), blocks("abc")],
    "an entry behind the end": [Buffer.alloc(512), header({ name: "a" }), end],
  };
  for (const [what, tar] of Object.entries(refused))
    test(`refuses ${what}`, () => {
      expect(() => entriesOf(tar)).toThrow(UnreadableLayer);
    });

  test("mutated archives are read or refused, and never anything else", async () => {
    const tar = await archive([
      { name: `${"a/".repeat(60)}long`, content: "abc" },
      { name: "b", pax: { path: "é".repeat(200), size: "3" }, content: "abc" },
      { name: "c", type: "symlink", linkname: "d".repeat(150) },
    ]);
    const headers = Array.from({ length: tar.length / 512 }, (_, i) => i * 512).filter(
      (at) => tar.toString("latin1", at + 257, at + 262) === "ustar",
    );
    const mutation = fc.record({ at: fc.nat(tar.length - 1), byte: fc.integer({ min: 0, max: 255 }) });
    fc.assert(
      fc.property(
        fc.array(mutation, { minLength: 1, maxLength: 8 }),
        fc.nat(tar.length),
        (mutations, length) => {
          const mutated = Buffer.from(tar);
          for (const { at, byte } of mutations) mutated[at] = byte;
          // Otherwise hardly one would come past the first look at its header.
          for (const at of headers) withChecksum(mutated.subarray(at, at + 512));
          try {
            entriesOf([mutated.subarray(0, length)]);
          } catch (error) {
            expect(error).toBeInstanceOf(UnreadableLayer);
          }
        },
      ),
      { numRuns: 1000 },
    );
  });
});

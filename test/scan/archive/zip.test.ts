import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { ArchiveError, Zip, type ZipLimits } from "../../../src/scan/archive/index.ts";
import { run } from "../../support/command.ts";
import { describeUnless } from "../../support/describe-unless.ts";
import { missingFeeds, sharedFeed } from "../../support/shared-feeds.ts";
import { type ZipFile, zipOf } from "../../support/zip.ts";

const limits: ZipLimits = { entries: 10_000, directoryBytes: 1e6, entryBytes: 1e6, totalBytes: 2e7 };
const files: ZipFile[] = [
  { name: "a.txt", content: "hello" },
  { name: "folder/", content: "", stored: true },
  { name: "folder/b.txt", content: "b".repeat(5000) },
  { name: "stored.txt", content: "as it is", stored: true },
];

function readAll(bytes: Uint8Array, own: Partial<ZipLimits> = {}): Record<string, string> {
  using zip = Zip.of(bytes, { ...limits, ...own });
  return Object.fromEntries(
    [...zip.entries()].map((entry) => [entry.name, Buffer.from(zip.read(entry)).toString()]),
  );
}

const expected: Record<string, string> = Object.fromEntries(
  files.map(({ name, content }) => [name, String(content)]),
);

describe("a zip archive", () => {
  test("gives its files, whatever lies before it or behind it", () => {
    expect(readAll(zipOf(files))).toEqual(expected);
    expect(readAll(zipOf(files, { zip64: true }))).toEqual(expected);
    expect(readAll(Buffer.concat([Buffer.from("#!/bin/sh\nexec java -jar $0\n"), zipOf(files)]))).toEqual(
      expected,
    );
    expect(readAll(zipOf([]))).toEqual({});
  });

  // Java runs jars of each of these kinds with all their classes.
  test("has all the files of its directory, whatever its end claims", () => {
    const whole = zipOf(files);
    const end = whole.length - 22;
    const claimed = Buffer.from(whole);
    claimed.writeUInt16LE(1, end + 8);
    claimed.writeUInt16LE(1, end + 10);
    expect(readAll(claimed)).toEqual(expected);
    const wide = zipOf(files, { zip64: true });
    wide.writeBigUInt64LE(1n, wide.length - 22 - 20 - 56 + 32);
    expect(readAll(wide)).toEqual(expected);
  });

  test("is not emptied by an end that leads to no entry, or by one of zip64's that says something else", () => {
    const whole = zipOf(files);
    const nothing = zipOf([]);
    expect(readAll(Buffer.concat([whole, nothing, Buffer.from("\0")]))).toEqual(expected);
    const other = zipOf([], { zip64: true }).subarray(0, 56 + 20);
    const [last = { name: "" }] = files.slice(-1);
    const entry = whole.length - 22 - 46 - last.name.length;
    const commented = Buffer.concat([whole.subarray(0, whole.length - 22), other, whole.subarray(-22)]);
    commented.writeUInt16LE(other.length, entry + 32);
    const end = commented.length - 22;
    commented.writeBigUInt64LE(BigInt(end - other.length), end - 12);
    commented.writeUInt16LE(0xffff, end + 10);
    commented.writeUInt32LE(whole.readUInt32LE(whole.length - 10) + other.length, end + 12);
    expect(readAll(commented)).toEqual(expected);
  });

  test("that is cut off anywhere is refused", () => {
    const whole = zipOf(files);
    for (let length = 0; length < whole.length; length += 7)
      expect(() => readAll(whole.subarray(0, length))).toThrow(ArchiveError);
  });

  test("is held to its limits", () => {
    const whole = zipOf(files);
    expect(() => readAll(whole, { entries: 3 })).toThrow("It has more than 3 entries.");
    expect(() => readAll(whole, { directoryBytes: 50 })).toThrow("Its directory has");
    expect(() => readAll(whole, { entryBytes: 4999 })).toThrow("folder/b.txt has 5000 bytes");
    expect(() => readAll(whole, { totalBytes: 5010 })).toThrow("stored.txt has 8 bytes");
  });

  test("that expands to more than it claims is refused before it has", () => {
    const bomb = zipOf([{ name: "bomb", content: Buffer.alloc(50e6) }]);
    expect(() => readAll(bomb)).toThrow("bomb has 50000000 bytes");
    bomb.writeUInt32LE(10, bomb.length - 22 - 46 - "bomb".length + 24);
    expect(() => readAll(bomb)).toThrow("bomb cannot be decompressed");
  });

  test("whose content was changed is refused", () => {
    const whole = zipOf(files);
    whole.write("AS IT IS", whole.indexOf("as it is"));
    expect(() => readAll(whole)).toThrow("stored.txt is damaged");
  });

  test("with bytes overwritten is read or refused, and nothing else", () => {
    const whole = zipOf(files, { zip64: true });
    const damage = fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(damage, (bytes) => {
        const damaged = Buffer.from(whole);
        for (const [at, value] of bytes) damaged[at] = value;
        try {
          readAll(damaged);
        } catch (error) {
          expect(error).toBeInstanceOf(ArchiveError);
        }
      }),
      { numRuns: 500 },
    );
  });
});

describeUnless(missingFeeds() ?? (Bun.which("unzip") ? undefined : "no unzip"), "a real archive", () => {
  test("has the files that unzip finds", async () => {
    const path = sharedFeed("osv/npm/all.zip");
    using zip = Zip.open(path, limits);
    const entries = [...zip.entries()];
    const { output } = await run(["unzip", "-Z1", path], {});
    expect(entries.map(({ name }) => name).sort()).toEqual(output.trim().split("\n").sort());
    for (const entry of entries) JSON.parse(Buffer.from(zip.read(entry)).toString());
  });
});

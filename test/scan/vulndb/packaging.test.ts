import { expect, test } from "bun:test";
import { mkdir, symlink } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { pack } from "tar-stream";
import { ArchiveError } from "../../../src/scan/archive/index.ts";
import { readFeed } from "../../../src/scan/vulndb/formats/index.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";
import { zipOf } from "../../support/zip.ts";
import { advisoriesIn, all } from "./reading.ts";

const record = (id: string) => ({
  id,
  affected: [{ package: { ecosystem: "npm", name: "x" }, versions: ["1.0.0"] }],
});
const files = ["GHSA-1", "GHSA-2"].map((id) => ({ name: `${id}.json`, content: JSON.stringify(record(id)) }));

async function tarOf(): Promise<Buffer> {
  const archive = pack();
  archive.entry({ name: "./folder/", type: "directory" });
  archive.entry({ name: "link.json", type: "symlink", linkname: "/etc/passwd" });
  for (const { name, content } of files) archive.entry({ name: `./folder/${name}` }, content);
  archive.finalize();
  return Buffer.concat(await Array.fromAsync(archive as AsyncIterable<Uint8Array>));
}

const idsAt = async (...paths: string[]) =>
  advisoriesIn(await all(readFeed("osv", paths))).map(({ id }) => id);

test("a feed is the same as zip, tar, folder or single files, compressed or not", async () => {
  await using directory = await temporaryDirectory("packaging");
  const at = (name: string) => join(directory.path, name);
  const tar = await tarOf();
  const packed = {
    "all.zip": zipOf(files),
    "all.tar": tar,
    "all.tar.gz": gzipSync(tar),
    "no-ending": zstdCompressSync(tar),
  };
  for (const [name, bytes] of Object.entries(packed)) {
    await Bun.write(at(name), bytes);
    expect(await idsAt(at(name))).toEqual(["GHSA-1", "GHSA-2"]);
  }
  for (const { name, content } of files) await Bun.write(at(`folder/npm/${name}`), content);
  await Bun.write(at("folder/.hidden.json"), files[0]?.content ?? "");
  await symlink(at("folder/npm"), at("folder/link"));
  expect(await idsAt(at("folder"))).toEqual(["GHSA-1", "GHSA-2"]);
  await symlink(at("folder"), at("linked"));
  expect(await idsAt(at("linked"))).toEqual(["GHSA-1", "GHSA-2"]);
  await Bun.write(at("one.json.gz"), gzipSync(files[1]?.content ?? ""));
  expect(await idsAt(at("folder/npm/GHSA-1.json"), at("one.json.gz"))).toEqual(["GHSA-1", "GHSA-2"]);
});

test("an archive that is cut off is no feed, however much of it can be read", async () => {
  await using directory = await temporaryDirectory("packaging");
  const path = join(directory.path, "archive");
  const tar = await tarOf();
  for (const whole of [zipOf(files), tar.subarray(0, tar.length - 1024), gzipSync(tar)]) {
    await Bun.write(path, whole.subarray(0, whole.length - 600 < 0 ? whole.length - 20 : whole.length - 600));
    await expect(idsAt(path)).rejects.toThrow(ArchiveError);
  }
  await mkdir(join(directory.path, "empty"));
  expect(await idsAt(join(directory.path, "empty"))).toEqual([]);
  await expect(idsAt(join(directory.path, "absent"))).rejects.toThrow();
});

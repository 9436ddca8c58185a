import { expect, test } from "bun:test";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { pack } from "tar-stream";
import { beginsArchive } from "../../src/registry/archives.ts";

async function tarOf(name: string): Promise<Buffer> {
  const archive = pack();
  archive.entry({ name }, "content");
  archive.finalize();
  const chunks: Uint8Array[] = [];
  for await (const chunk of archive as AsyncIterable<Uint8Array>) chunks.push(chunk);
  return Buffer.concat(chunks);
}

test("archives are told by their bytes", async () => {
  const tar = await tarOf("bin/sh");
  const skippable = Buffer.from([0x5a, 0x2a, 0x4d, 0x18, 0, 0, 0, 0]);
  const archives = {
    tar,
    // A text to look at, were it not for what follows.
    "a tar whose first file has JSON as its name": await tarOf('{"critical":{"type":"cosign"}}'),
    gzip: gzipSync(tar),
    zstd: zstdCompressSync(tar),
    "zstd behind a frame without data": Buffer.concat([skippable, zstdCompressSync(tar)]),
    bzip2: Buffer.from("BZh91AY&SY"),
    xz: Buffer.from("fd377a585a000004", "hex"),
    "an empty tar": Buffer.alloc(1024),
  };
  for (const [name, bytes] of Object.entries(archives)) {
    expect([name, beginsArchive(bytes.subarray(0, 512))]).toEqual([name, true]);
  }
});

test("documents are no archives, however long", () => {
  const documents = [
    "",
    "{}",
    `{"critical":{"identity":{"docker-reference":"registry.example.com/app"},"type":"cosign container image signature"}}`,
    JSON.stringify({ payload: "A".repeat(10_000) }),
    `SPDXVersion: SPDX-2.3\n${"PackageName: x\n".repeat(1_000)}`,
    `<?xml version="1.0"?><bom>${" ".repeat(2_000)}</bom>`,
    "0".repeat(2_000),
  ];
  for (const document of documents) expect(beginsArchive(Buffer.from(document).subarray(0, 512))).toBe(false);
});

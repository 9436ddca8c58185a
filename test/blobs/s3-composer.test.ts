import { expect, test } from "bun:test";
import { CreateMultipartUploadCommand, ListMultipartUploadsCommand } from "@aws-sdk/client-s3";
import { chainOf, chunkAt } from "../../src/blobs/chunked/chunks.ts";
import type { Piece } from "../../src/blobs/chunked/object-service.ts";
import { blobKey, openS3 } from "../../src/blobs/index.ts";
import { Bucket } from "../../src/blobs/s3/bucket.ts";
import { Composer } from "../../src/blobs/s3/composer.ts";
import { digestOf } from "../../src/kernel/index.ts";
import { describeUnless } from "../support/describe-unless.ts";
import { s3Missing, startS3 } from "../support/s3.ts";
import { patterned, readAll } from "./object-store-suite.ts";

const MiB = 1024 * 1024;

test("an upload's content is read off its chunks' names: the latest writer's, of these the longest", () => {
  const chunk = (start: number, fence: number, length: number) => chunkAt("k", start, fence, length).key;
  const names = [
    chunk(0, 1, 10),
    chunk(10, 1, 10),
    chunk(20, 1, 4),
    // The second went on at 12, and stored its first chunk twice.
    chunk(10, 2, 3),
    chunk(10, 2, 10),
    // The first was not as dead as was thought.
    chunk(20, 1, 10),
    chunk(30, 1, 10),
    "k/group-0",
  ];
  const places = (end?: number) =>
    chainOf(names, end).map(({ start, fence, length }) => [start, fence, length]);
  expect(places(20)).toEqual([
    [0, 1, 10],
    [10, 2, 10],
  ]);
  expect(places(15)).toEqual(places(20));
  expect(places(5)).toEqual([[0, 1, 10]]);
  expect(chainOf(names.slice(1), 5)).toEqual([]);
});

describeUnless(s3Missing, "S3's limits", () => {
  test("more pieces than an upload may have parts are put together in groups", async () => {
    await using s3 = await startS3();
    const store = await openS3(s3.options());
    const composer = new Composer(new Bucket(s3.options()), { mostParts: 3 });
    const bytes = patterned(40 * MiB + 5);
    const pieces: Piece[] = [];
    for (let from = 0; from < bytes.length; from += 5 * MiB) {
      const part = bytes.subarray(from, from + 5 * MiB);
      const key = `pieces/${pieces.length}`;
      await store.put(key, part);
      pieces.push({ key, length: part.length, size: part.length });
    }
    expect(pieces).toHaveLength(9);
    await composer.compose(pieces, "composed", "scratch");
    expect(Buffer.from(bytes).equals(await readAll(store, "composed"))).toBe(true);
  }, 60_000);

  test("a sweep ends the multipart uploads that were left, those of our keys alone", async () => {
    await using s3 = await startS3();
    const bucket = new Bucket(s3.options({ rootDirectory: "root" }));
    const store = await openS3(s3.options({ rootDirectory: "root" }));
    const ours = blobKey(digestOf("x"));
    const theirs = "docker/registry/v2/repositories/a/_uploads/1/data";
    for (const key of [ours, theirs]) {
      await bucket.client.send(new CreateMultipartUploadCommand(bucket.object(key)));
    }
    const left = async () => {
      const { Uploads = [] } = await bucket.client.send(
        new ListMultipartUploadsCommand({ Bucket: bucket.name }),
      );
      return Uploads.map(({ Key = "" }) => bucket.keyOf(Key)).sort();
    };
    await store.sweep(Date.now() - 3_600_000);
    expect(await left()).toEqual([ours, theirs]);
    await store.sweep(Date.now() + 60_000);
    expect(await left()).toEqual([theirs]);
  });
});

import { FileSystemStore, openS3 } from "../../src/blobs/index.ts";
import { describeUnless } from "../support/describe-unless.ts";
import { s3Missing, startS3 } from "../support/s3.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";
import { describeObjectStore } from "./object-store-suite.ts";

describeObjectStore("in a folder", async () => {
  const folder = await temporaryDirectory("store");
  const stores = [new FileSystemStore(folder.path), new FileSystemStore(folder.path)] as const;
  return { stores, [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose]() };
});

describeUnless(s3Missing, "S3", () => {
  describeObjectStore("in a bucket", async () => {
    const s3 = await startS3();
    const stores = [await openS3(s3.options()), await openS3(s3.options())] as const;
    return { stores, [Symbol.asyncDispose]: () => s3[Symbol.asyncDispose]() };
  });

  describeObjectStore("in a folder of a bucket, with copies of another chunk size", async () => {
    const s3 = await startS3();
    const options = s3.options({ rootDirectory: "some/where" });
    const stores = [await openS3(options), await openS3({ ...options, chunkSize: 8 * 2 ** 20 })] as const;
    return { stores, [Symbol.asyncDispose]: () => s3[Symbol.asyncDispose]() };
  });
});

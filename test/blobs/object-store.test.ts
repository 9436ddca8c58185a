import { expect } from "bun:test";
import { FileSystemStore, openAzure, openGcs, openS3 } from "../../src/blobs/index.ts";
import { startAzure } from "../support/azure.ts";
import { copyBlocks } from "../support/azure-copies.ts";
import { describeUnless } from "../support/describe-unless.ts";
import { gcsMissing, startGcs } from "../support/gcs.ts";
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

describeObjectStore("in a container of Azure's", async () => {
  const azure = await startAzure();
  const options = azure.options();
  const stores = [await openAzure(options), await openAzure({ ...options, chunkSize: 6 * 2 ** 20 })] as const;
  return { stores, [Symbol.asyncDispose]: () => azure[Symbol.asyncDispose]() };
});

describeObjectStore("in a folder of a container whose service copies blocks", async () => {
  const azure = await startAzure();
  const copying = await copyBlocks(azure);
  const options = azure.options({ rootDirectory: "some/where", endpoint: copying.endpoint });
  const stores = [await openAzure(options), await openAzure(options)] as const;
  return {
    stores,
    async [Symbol.asyncDispose]() {
      expect(copying.copies).toBeGreaterThan(0);
      await copying[Symbol.asyncDispose]();
      await azure[Symbol.asyncDispose]();
    },
  };
});

describeUnless(gcsMissing, "Google Cloud Storage", () => {
  describeObjectStore("in a folder of a bucket of Google's", async () => {
    const gcs = await startGcs();
    const options = gcs.options({ rootDirectory: "some/where" });
    const stores = [await openGcs(options), await openGcs({ ...options, chunkSize: 256 * 1024 })] as const;
    return { stores, [Symbol.asyncDispose]: () => gcs[Symbol.asyncDispose]() };
  });
});

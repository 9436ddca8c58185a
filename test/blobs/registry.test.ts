import { openAzure, openGcs, openS3 } from "../../src/blobs/index.ts";
import { startAzure } from "../support/azure.ts";
import { describeUnless } from "../support/describe-unless.ts";
import { gcsMissing, startGcs } from "../support/gcs.ts";
import { s3Missing, startS3 } from "../support/s3.ts";
import { describeRegistry } from "./registry-suite.ts";

describeRegistry("Azure Blob Storage", async () => {
  const azure = await startAzure();
  return {
    start: { storage: azure },
    objects: await openAzure(azure.options()),
    [Symbol.asyncDispose]: () => azure[Symbol.asyncDispose](),
  };
});

describeUnless(gcsMissing, "Google", () => {
  describeRegistry("Google Cloud Storage", async () => {
    const gcs = await startGcs();
    return {
      start: { storage: gcs, env: gcs.environment },
      objects: await openGcs(gcs.options()),
      [Symbol.asyncDispose]: () => gcs[Symbol.asyncDispose](),
    };
  });
});

describeUnless(s3Missing, "Amazon", () => {
  describeRegistry("S3", async () => {
    const s3 = await startS3();
    return {
      start: { storage: s3 },
      objects: await openS3(s3.options()),
      [Symbol.asyncDispose]: () => s3[Symbol.asyncDispose](),
    };
  });
});

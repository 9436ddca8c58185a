import { openAzure, openGcs, openS3 } from "../../src/blobs/index.ts";
import { startAzure } from "../support/azure.ts";
import { describeUnless } from "../support/describe-unless.ts";
import { gcsMissing, startGcs } from "../support/gcs.ts";
import { s3Missing, startS3 } from "../support/s3.ts";
import { describeFaults } from "./faults-suite.ts";

describeFaults("Azure Blob Storage", async () => {
  const azure = await startAzure();
  const { pathname } = new URL(azure.options().endpoint);
  return {
    host: azure.host,
    open: (endpoint, changes) => openAzure(azure.options({ endpoint: endpoint + pathname, ...changes })),
    [Symbol.asyncDispose]: () => azure[Symbol.asyncDispose](),
  };
});

describeUnless(gcsMissing, "Google", () => {
  describeFaults("Google Cloud Storage", async () => {
    const gcs = await startGcs();
    return {
      host: gcs.host,
      open: (endpoint, changes) => openGcs(gcs.options({ endpoint, ...changes })),
      [Symbol.asyncDispose]: () => gcs[Symbol.asyncDispose](),
    };
  });
});

describeUnless(s3Missing, "Amazon", () => {
  describeFaults("S3", async () => {
    const s3 = await startS3();
    return {
      host: s3.host,
      open: (endpoint, changes) => openS3(s3.options({ endpoint, ...changes })),
      [Symbol.asyncDispose]: () => s3[Symbol.asyncDispose](),
    };
  });
});

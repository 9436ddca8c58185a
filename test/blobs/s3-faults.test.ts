import { afterAll, beforeAll, expect, test } from "bun:test";
import { openS3, uploadKey } from "../../src/blobs/index.ts";
import { describeUnless } from "../support/describe-unless.ts";
import { startFaultyProxy } from "../support/faulty-proxy.ts";
import { type S3Server, s3Missing, startS3 } from "../support/s3.ts";
import { patterned, readAll } from "./object-store-suite.ts";

const MiB = 1024 * 1024;

describeUnless(s3Missing, "S3 that fails or is set up wrongly", () => {
  let s3: S3Server;
  beforeAll(async () => {
    s3 = await startS3();
  });
  afterAll(() => s3[Symbol.asyncDispose]());

  test("knows no copies of parts: they go through this program", async () => {
    await using proxy = await startFaultyProxy(s3.host);
    const simple = await openS3(s3.options({ endpoint: proxy.endpoint }));
    const bytes = patterned(16 * MiB + 3);
    const key = uploadKey(crypto.randomUUID());
    const appender = await simple.append(key, 0, { fence: 1, takenOver: false });
    await appender.write(bytes);
    await appender.flush();
    await appender.close();
    let refused = 0;
    proxy.choose = (line, request) => {
      if (!/partNumber/.test(line) || request.headers["x-amz-copy-source"] === undefined) return null;
      refused++;
      return { status: 501 };
    };
    await simple.move(key, "faults/simple", bytes.length);
    expect(refused).toBeGreaterThan(0);
    expect(Buffer.from(bytes).equals(await readAll(simple, "faults/simple"))).toBe(true);
  });

  test.each([
    ["no such bucket", { bucket: "nowhere" }, "there is no such bucket"],
    [
      "wrong secret key",
      { credentials: { accessKeyId: "breakwater", secretAccessKey: "wrong" } },
      "the secret key does not belong to the access key",
    ],
    [
      "unknown access key",
      { credentials: { accessKeyId: "nobody", secretAccessKey: "wrong" } },
      "the access key is not known there",
    ],
    ["wrong region", { region: "eu-central-9" }, 'the bucket is not in the region "eu-central-9"'],
    ["nobody there", { endpoint: "http://127.0.0.1:9" }, "nothing answers there"],
  ] as const)("%s: the probe says so", async (_, changes, sentence) => {
    const store = await openS3(s3.options(changes));
    await expect(store.probe()).rejects.toMatchObject({
      code: "CONFIG_INVALID",
      message: expect.stringContaining(sentence),
    });
  });
});

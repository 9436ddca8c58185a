import { afterAll, beforeAll, expect, test } from "bun:test";
import { join } from "node:path";
import { openGcs, uploadKey } from "../../src/blobs/index.ts";
import { type Breakwater, startBreakwater } from "../support/breakwater.ts";
import { describeUnless } from "../support/describe-unless.ts";
import {
  accountKey,
  type GcsServer,
  gcsMissing,
  machineToken,
  startGcs,
  strangerKey,
} from "../support/gcs.ts";
import { makeImage } from "../support/image.ts";
import { freePort } from "../support/ports.ts";
import { openRepository } from "../support/registry-client.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";
import { patterned, readAll } from "./object-store-suite.ts";

const MiB = 1024 * 1024;

/** What a virtual machine of Google's is told of itself. */
function startMachineMetadata() {
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch(request) {
      if (request.headers.get("metadata-flavor") !== "Google") return new Response("", { status: 403 });
      const { pathname } = new URL(request.url);
      const headers = { "metadata-flavor": "Google" };
      if (!pathname.endsWith("/service-accounts/default/token")) return new Response("", { headers });
      const token = { access_token: machineToken, expires_in: 3600, token_type: "Bearer" };
      return Response.json(token, { headers });
    },
  });
  return { host: server.url.host, [Symbol.asyncDispose]: () => server.stop(true) };
}

async function pushAndPull(server: Breakwater): Promise<void> {
  const repository = await openRepository(server, "library/access");
  const image = await makeImage();
  await repository.pushImage(image, "1");
  for (const { bytes, digest } of image.layers) expect(await repository.pullBlob(digest)).toEqual(bytes);
}

describeUnless(gcsMissing, "a bucket of Google's", () => {
  let gcs: GcsServer;
  beforeAll(async () => {
    gcs = await startGcs();
  }, 30_000);
  afterAll(() => gcs[Symbol.asyncDispose]());

  /** The section of harbor.yml without credentials, or with what else is given. */
  const withoutKey = (further: object = {}) => ({
    storage_service: { gcs: { bucket: gcs.options().bucket, ...further } },
  });

  test("is opened by a key in a file", async () => {
    await using folder = await temporaryDirectory("key");
    const keyfile = join(folder.path, "key.json");
    await Bun.write(keyfile, accountKey);
    await using server = await startBreakwater({ config: withoutKey({ keyfile }), env: gcs.environment });
    await pushAndPull(server);
  });

  test("is opened by a key that the environment names", async () => {
    await using folder = await temporaryDirectory("key");
    const keyfile = join(folder.path, "key.json");
    await Bun.write(keyfile, accountKey);
    const env = { ...gcs.environment, GOOGLE_APPLICATION_CREDENTIALS: keyfile };
    await using server = await startBreakwater({ config: withoutKey(), env });
    await pushAndPull(server);
  });

  test("is opened by the account of the machine", async () => {
    await using metadata = startMachineMetadata();
    await using home = await temporaryDirectory("home");
    const env = { ...gcs.environment, GCE_METADATA_HOST: metadata.host, HOME: home.path };
    await using server = await startBreakwater({ config: withoutKey(), env });
    await pushAndPull(server);
  });

  test("takes an upload of more chunks than are put together at once, and to a place within one", async () => {
    const store = await openGcs(gcs.options({ chunkSize: 256 * 1024 }));
    const bytes = patterned(12 * MiB + 5);
    const key = uploadKey(crypto.randomUUID());
    const appender = await store.append(key, 0, { fence: 1, takenOver: false });
    for (let at = 0; at < bytes.length; at += MiB) await appender.write(bytes.subarray(at, at + MiB));
    await appender.flush();
    await appender.close();
    const from = gcs.seen.length;
    const size = bytes.length - 100_000;
    await store.move(key, "moved/groups", size);
    expect(gcs.seen.slice(from).filter((line) => line.endsWith("/compose")).length).toBe(3);
    expect(Buffer.from(bytes.subarray(0, size)).equals(await readAll(store, "moved/groups"))).toBe(true);
    expect(await Array.fromAsync(store.list("breakwater"))).toEqual([]);
  }, 30_000);

  test.each([
    ["bucket", { bucket: "nowhere" }, "there is no such bucket"],
    ["key", { key: { json: strangerKey } }, "the service account's key is not taken"],
    ["address", { endpoint: "http://127.0.0.1:1" }, "nothing answers there"],
  ] as const)("with a wrong %s is refused at the start, saying so", async (_, changes, message) => {
    const store = await openGcs(gcs.options({ ...changes, patience: 100 }));
    await expect(store.probe()).rejects.toMatchObject({
      code: "CONFIG_INVALID",
      message: expect.stringContaining(message),
    });
  });

  test.each([
    ["no file", { file: "/nowhere/key.json" }, "keyfile: expected a service account's key in JSON"],
    ["no JSON", { json: "s3cr3t" }, "credentials: expected a service account's key in JSON"],
    [
      "no key",
      { json: accountKey.replace(/"private_key":"[^"]+"/, '"private_key":"s3cr3t"') },
      "credentials",
    ],
  ] as const)("%s in the key's place is refused, without showing it", async (_, key, message) => {
    const refusal = openGcs(gcs.options({ key }));
    await expect(refusal).rejects.toMatchObject({
      code: "CONFIG_INVALID",
      message: expect.stringContaining(message),
    });
    await expect(refusal).rejects.toMatchObject({ message: expect.not.stringContaining("s3cr3t") });
  });

  test("that does not answer fails in time, saying so without the host's name", async () => {
    const endpoint = `http://127.0.0.1:${await freePort()}`;
    const store = await openGcs(gcs.options({ endpoint, patience: 100 }));
    await expect(store.put("some/key", "x")).rejects.toMatchObject({
      code: "UNAVAILABLE",
      message: expect.not.stringContaining("127.0.0.1"),
    });
  }, 20_000);
});

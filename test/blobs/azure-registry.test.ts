import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { blobKey, type ObjectStore, openAzure } from "../../src/blobs/index.ts";
import type { Digest } from "../../src/kernel/index.ts";
import { type AzureServer, startAzure } from "../support/azure.ts";
import { type Breakwater, startBreakwater } from "../support/breakwater.ts";
import { eventually } from "../support/eventually.ts";
import { uniqueName } from "../support/harbor.ts";
import { digestOf, makeImage, randomBytes } from "../support/image.ts";
import { openRepository } from "../support/registry-client.ts";

const MiB = 1024 * 1024;

describe("a registry on Azure Blob Storage", () => {
  let azure: AzureServer;
  let server: Breakwater;
  let objects: ObjectStore;
  const open = () => openRepository(server, `library/${uniqueName("azure")}`);

  beforeAll(async () => {
    azure = await startAzure();
    server = await startBreakwater({
      storage: azure,
      config: {
        storage_service: { redirect: { disable: false } },
        // Redirects are for another network than the tests', but for where they ask to come from there.
        breakwater: {
          gc: { grace: "1s" },
          redirect: { networks: "10.0.0.0/8" },
          trusted_proxies: "127.0.0.0/8, ::1",
        },
      },
    });
    objects = await openAzure(azure.options());
  }, 30_000);
  afterAll(async () => {
    await server[Symbol.asyncDispose]();
    await azure[Symbol.asyncDispose]();
  });

  test("an image is pushed and pulled unchanged, and lies where Docker Distribution lays it", async () => {
    const repository = await open();
    const image = await makeImage();
    await repository.pushImage(image, "1.0");
    expect((await repository.pullManifest("1.0")).bytes).toEqual(image.manifest.bytes);
    for (const { bytes, digest } of image.layers) {
      expect(await repository.pullBlob(digest)).toEqual(bytes);
      expect((await objects.stat(blobKey(digest as Digest)))?.size).toBe(bytes.length);
    }
    expect(await Array.fromAsync(objects.list("breakwater"), (info) => info.key)).toEqual([]);
  });

  test("a layer of several chunks is pulled whole, by a range, and by a redirect", async () => {
    const repository = await open();
    const bytes = randomBytes(23 * MiB + 5);
    const digest = await repository.pushBlob(bytes);
    expect(digestOf(await repository.pullBlob(digest))).toBe(digest);
    const range = await repository.fetch(`/blobs/${digest}`, {
      headers: { range: `bytes=${9 * MiB}-${12 * MiB}` },
    });
    expect(range.status).toBe(206);
    const expected = Buffer.from(bytes.subarray(9 * MiB, 12 * MiB + 1));
    expect(expected.equals(Buffer.from(await range.bytes()))).toBe(true);

    const redirected = await repository.fetch(`/blobs/${digest}`, {
      headers: { "x-forwarded-for": "10.1.2.3" },
      redirect: "manual",
    });
    expect(redirected.status).toBe(307);
    const direct = await fetch(redirected.headers.get("location") ?? "");
    expect(direct.headers.get("content-disposition")).toBe("attachment");
    expect(digestOf(await direct.bytes())).toBe(digest);
  }, 60_000);

  test("what is deleted goes with the next collection of garbage", async () => {
    const repository = await open();
    const image = await makeImage();
    await repository.pushImage(image, "gone");
    const deleted = await repository.fetch(`/manifests/${image.manifest.digest}`, { method: "DELETE" });
    expect(deleted.status).toBe(202);
    await Bun.sleep(1100);
    const started = await server.api("/system/gc/schedule", {
      method: "POST",
      body: JSON.stringify({ schedule: { type: "Manual" } }),
      headers: { "content-type": "application/json" },
    });
    expect(started.status).toBe(201);
    await eventually(
      () => objects.stat(blobKey(image.manifest.digest as Digest)),
      (info) => info === null,
    );
  }, 30_000);
});

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { blobKey, type ObjectStore, tagLinkKey } from "../../src/blobs/index.ts";
import type { Digest } from "../../src/kernel/index.ts";
import { type Breakwater, type StartOptions, startBreakwater } from "../support/breakwater.ts";
import { eventually } from "../support/eventually.ts";
import { uniqueName } from "../support/harbor.ts";
import { digestOf, makeImage, randomBytes } from "../support/image.ts";
import { openRepository } from "../support/registry-client.ts";

const MiB = 1024 * 1024;

/** A service of objects with an empty bucket, and a store in it beside the registry's. */
export interface OpenService extends AsyncDisposable {
  readonly start: Pick<StartOptions, "storage" | "env">;
  readonly objects: ObjectStore;
}

/** What a registry does on every service of objects: `describeRegistry("Azure Blob Storage", open)`. */
export function describeRegistry(name: string, open: () => Promise<OpenService>): void {
  describe(`a registry on ${name}`, () => {
    let service: OpenService;
    let server: Breakwater;
    let objects: ObjectStore;
    const openNew = () => openRepository(server, `library/${uniqueName("stored")}`);

    beforeAll(async () => {
      service = await open();
      objects = service.objects;
      server = await startBreakwater({
        ...service.start,
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
    }, 30_000);
    afterAll(async () => {
      await server[Symbol.asyncDispose]();
      await service[Symbol.asyncDispose]();
    });

    test("an image is pushed and pulled unchanged, and lies where Docker Distribution lays it", async () => {
      const repository = await openNew();
      const image = await makeImage();
      await repository.pushImage(image, "1.0");
      expect((await repository.pullManifest("1.0")).bytes).toEqual(image.manifest.bytes);
      for (const { bytes, digest } of image.layers) {
        expect(await repository.pullBlob(digest)).toEqual(bytes);
        expect((await objects.stat(blobKey(digest as Digest)))?.size).toBe(bytes.length);
      }
      const link = await objects.get(tagLinkKey(repository.name, "1.0"));
      expect(Buffer.from(link ?? "").toString()).toBe(image.manifest.digest);
      expect(await Array.fromAsync(objects.list("breakwater"), (info) => info.key)).toEqual([]);
    });

    test("a layer of several chunks is pulled whole, by a range, and by a redirect", async () => {
      const repository = await openNew();
      const bytes = randomBytes(23 * MiB + 5);
      const digest = await repository.pushBlob(bytes);
      expect(digestOf(await repository.pullBlob(digest))).toBe(digest);
      const head = await repository.fetch(`/blobs/${digest}`, { method: "HEAD" });
      expect(head.headers.get("content-length")).toBe(String(bytes.length));
      const range = await repository.fetch(`/blobs/${digest}`, {
        headers: { range: `bytes=${9 * MiB}-${12 * MiB}` },
      });
      expect(range.status).toBe(206);
      expect(range.headers.get("content-range")).toBe(`bytes ${9 * MiB}-${12 * MiB}/${bytes.length}`);
      const expected = Buffer.from(bytes.subarray(9 * MiB, 12 * MiB + 1));
      expect(expected.equals(Buffer.from(await range.bytes()))).toBe(true);

      const redirected = await repository.fetch(`/blobs/${digest}`, {
        headers: { "x-forwarded-for": "10.1.2.3" },
        redirect: "manual",
      });
      expect(redirected.status).toBe(307);
      const url = redirected.headers.get("location") ?? "";
      const direct = await fetch(url);
      expect(direct.headers.get("content-disposition")).toBe("attachment");
      expect(digestOf(await direct.bytes())).toBe(digest);
      // Nobody makes another object's URL out of it.
      expect((await fetch(url.replace(/[0-9a-f]{8}\/data/, "00000000/data"))).status).toBeOneOf([401, 403]);
    }, 60_000);

    test("what is deleted goes with the next collection of garbage", async () => {
      const repository = await openNew();
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
      const links = `docker/registry/v2/repositories/${repository.name}/_manifests`;
      expect(await Array.fromAsync(objects.list(links))).toEqual([]);
    }, 30_000);
  });
}

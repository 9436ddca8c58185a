import { afterAll, beforeAll, expect, test } from "bun:test";
import { blobKey, type ObjectStore, openS3 } from "../../src/blobs/index.ts";
import type { Digest } from "../../src/kernel/index.ts";
import { type Breakwater, startBreakwater } from "../support/breakwater.ts";
import { describeUnless } from "../support/describe-unless.ts";
import { eventually } from "../support/eventually.ts";
import { uniqueName } from "../support/harbor.ts";
import { digestOf, makeImage, randomBytes } from "../support/image.ts";
import { locationOf, openRepository, withDigest } from "../support/registry-client.ts";
import { type S3Server, s3Missing, startS3 } from "../support/s3.ts";

const MiB = 1024 * 1024;

describeUnless(s3Missing, "a registry on S3", () => {
  let s3: S3Server;
  let server: Breakwater;
  let objects: ObjectStore;
  const open = () => openRepository(server, `library/${uniqueName("s3")}`);

  beforeAll(async () => {
    s3 = await startS3();
    server = await startBreakwater({
      storage: s3,
      workers: 2,
      config: { breakwater: { gc: { grace: "1s" } } },
    });
    objects = await openS3(s3.options());
  });
  afterAll(async () => {
    await server[Symbol.asyncDispose]();
    await s3[Symbol.asyncDispose]();
  });

  test("a small blob is asked of the bucket once; damaged bytes are asked for until they are mended", async () => {
    const store = await openS3(s3.options());
    const read = async (start?: number, end?: number) =>
      new Uint8Array(await new Response(await store.body(key, start, end)).arrayBuffer());
    const [bytes, damaged] = [randomBytes(3000), randomBytes(3000)];
    const key = blobKey(digestOf(bytes) as Digest);
    await objects.put(key, damaged);
    expect(await read()).toEqual(damaged);
    await objects.put(key, bytes);
    expect(await read()).toEqual(bytes);
    await objects.remove(key);
    expect(await read()).toEqual(bytes);
    expect(await read(10, 20)).toEqual(bytes.slice(10, 20));
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
    const [, hex] = image.manifest.digest.split(":");
    const link = `docker/registry/v2/repositories/${repository.name}/_manifests/tags/1.0/current/link`;
    expect(Buffer.from((await objects.get(link)) ?? "").toString()).toBe(`sha256:${hex}`);
    expect(await Array.fromAsync(objects.list("breakwater"), (info) => info.key)).toEqual([]);
  });

  test("a layer of several chunks comes in pieces over two processes, and is read by ranges", async () => {
    const repository = await open();
    const bytes = randomBytes(23 * MiB + 5);
    const digest = digestOf(bytes);
    let location = await repository.startUpload();
    for (let from = 0; from < 22 * MiB; from += 5.5 * MiB) {
      const piece = bytes.subarray(from, from + 5.5 * MiB);
      const response = await repository.fetch(location, {
        method: "PATCH",
        headers: { "content-range": `${from}-${from + piece.length - 1}` },
        body: piece,
        // A new connection, and so perhaps the other process.
        keepalive: false,
      });
      expect(response.status).toBe(202);
      location = locationOf(response);
    }
    const last = await repository.fetch(withDigest(location, digest), {
      method: "PUT",
      body: bytes.subarray(22 * MiB),
    });
    expect(last.status).toBe(201);
    expect(digestOf(await repository.pullBlob(digest))).toBe(digest);

    const head = await repository.fetch(`/blobs/${digest}`, { method: "HEAD" });
    expect(head.headers.get("content-length")).toBe(String(bytes.length));
    const range = await repository.fetch(`/blobs/${digest}`, {
      headers: { range: `bytes=${9 * MiB}-${12 * MiB}` },
    });
    expect(range.status).toBe(206);
    expect(range.headers.get("content-range")).toBe(`bytes ${9 * MiB}-${12 * MiB}/${bytes.length}`);
    expect(Buffer.from(bytes.subarray(9 * MiB, 12 * MiB + 1)).equals(Buffer.from(await range.bytes()))).toBe(
      true,
    );
  }, 60_000);

  test("an upload that breaks off is resumed after a kill of the server", async () => {
    const repository = await open();
    const bytes = randomBytes(12 * MiB);
    const location = await repository.startUpload();
    const first = await repository.fetch(location, { method: "PATCH", body: bytes.subarray(0, 7 * MiB) });
    expect(first.status).toBe(202);
    await server.kill();
    await server.start();
    const digest = digestOf(bytes);
    const rest = await repository.fetch(withDigest(locationOf(first), digest), {
      method: "PUT",
      body: bytes.subarray(7 * MiB),
    });
    expect(rest.status).toBe(201);
    expect(digestOf(await repository.pullBlob(digest))).toBe(digest);
  }, 60_000);

  test("a wrong digest leaves nothing in the bucket", async () => {
    const repository = await open();
    const location = await repository.startUpload();
    const response = await repository.fetch(withDigest(location, digestOf(randomBytes(9))), {
      method: "PUT",
      body: randomBytes(6 * MiB),
    });
    expect(response.status).toBe(400);
    expect(await Array.fromAsync(objects.list("breakwater"), (info) => info.key)).toEqual([]);
  });

  test("what is deleted goes with the next collection of garbage", async () => {
    const repository = await open();
    const image = await makeImage();
    await repository.pushImage(image, "gone");
    const deleted = await repository.fetch(`/manifests/${image.manifest.digest}`, { method: "DELETE" });
    expect(deleted.status).toBe(202);
    await Bun.sleep(1100);
    const schedule = { schedule: { type: "Manual" } };
    const started = await server.api("/system/gc/schedule", {
      method: "POST",
      body: JSON.stringify(schedule),
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

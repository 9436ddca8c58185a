import { afterAll, beforeAll, expect, test } from "bun:test";
import { blobKey, type ObjectStore, openS3 } from "../../src/blobs/index.ts";
import type { Digest } from "../../src/kernel/index.ts";
import { type Breakwater, startBreakwater } from "../support/breakwater.ts";
import { describeUnless } from "../support/describe-unless.ts";
import { uniqueName } from "../support/harbor.ts";
import { digestOf, randomBytes } from "../support/image.ts";
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

  test("a layer of several chunks comes in pieces over two processes", async () => {
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
});

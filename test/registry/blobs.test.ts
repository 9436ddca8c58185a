import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { type Breakwater, startBreakwater } from "../support/breakwater.ts";
import { digestOf, randomBytes } from "../support/image.ts";
import { openRepository, type RepositoryClient } from "../support/registry-client.ts";
import { refused } from "./answers.ts";

const bytes = randomBytes(100_000);
const digest = digestOf(bytes);
let server: Breakwater;
let repository: RepositoryClient;
beforeAll(async () => {
  server = await startBreakwater();
  repository = await openRepository(server, "library/blobs");
  await repository.pushBlob(bytes);
});
afterAll(() => server[Symbol.asyncDispose]());

test("HEAD tells a blob's size and digest", async () => {
  const response = await repository.fetch(`/blobs/${digest}`, { method: "HEAD" });
  expect(response.status).toBe(200);
  expect(response.headers.get("content-length")).toBe("100000");
  expect(response.headers.get("docker-content-digest")).toBe(digest);
  expect(response.headers.get("accept-ranges")).toBe("bytes");
  expect(response.headers.get("etag")).toBe(`"${digest}"`);
});

test("GET brings the bytes", async () => {
  const response = await repository.fetch(`/blobs/${digest}`);
  expect(response.headers.get("content-type")).toBe("application/octet-stream");
  expect(new Uint8Array(await response.arrayBuffer())).toEqual(bytes);
});

test("a digest may have its colon escaped", async () => {
  const response = await repository.fetch(`/blobs/${encodeURIComponent(digest)}`, { method: "HEAD" });
  expect(response.status).toBe(200);
});

test("what is not there, or is not a digest, is said to be so", async () => {
  const unknown = digestOf(randomBytes(8));
  for (const method of ["GET", "DELETE"]) {
    expect(await refused(await repository.fetch(`/blobs/${unknown}`, { method }))).toBe("404 BLOB_UNKNOWN");
    expect(await refused(await repository.fetch("/blobs/latest", { method }))).toBe("400 DIGEST_INVALID");
  }
  expect((await repository.fetch(`/blobs/${unknown}`, { method: "HEAD" })).status).toBe(404);
});

test("a repository shows only what it holds, though the storage has the bytes", async () => {
  const other = await openRepository(server, "library/blobs-elsewhere");
  expect(await refused(await other.fetch(`/blobs/${digest}`))).toBe("404 BLOB_UNKNOWN");
});

describe("Range", () => {
  const parts = {
    "bytes=0-9": [0, 10],
    "bytes=99990-": [99_990, 100_000],
    "bytes=-10": [99_990, 100_000],
    "bytes=500-500": [500, 501],
    "bytes=99990-200000": [99_990, 100_000],
    "bytes=0-99999999999999999999": [0, 100_000],
    "bytes=-99999999999999999999": [0, 100_000],
  } as const;
  for (const [range, [start, end]] of Object.entries(parts)) {
    test(`${range} brings that part`, async () => {
      const response = await repository.fetch(`/blobs/${digest}`, { headers: { range } });
      expect(response.status).toBe(206);
      expect(response.headers.get("content-range")).toBe(`bytes ${start}-${end - 1}/100000`);
      expect(response.headers.get("content-length")).toBe(String(end - start));
      expect(new Uint8Array(await response.arrayBuffer())).toEqual(bytes.slice(start, end));
    });
  }

  for (const range of [
    "bytes=100000-",
    "bytes=100000-100001",
    "bytes=-0",
    "bytes=9-5",
    "bytes=99999999999999999999-",
  ]) {
    test(`${range} lies outside`, async () => {
      const response = await repository.fetch(`/blobs/${digest}`, { headers: { range } });
      expect(response.headers.get("content-range")).toBe("bytes */100000");
      expect(await refused(response)).toBe("416 RANGE_INVALID");
    });
  }

  for (const range of ["bytes=0-1,5-6", "items=0-1", "bytes=a-b", "bytes", "bytes=--1", ""]) {
    test(`"${range}" is passed over: the whole is sent`, async () => {
      const response = await repository.fetch(`/blobs/${digest}`, { headers: { range } });
      expect(response.status).toBe(200);
      expect((await response.arrayBuffer()).byteLength).toBe(bytes.length);
    });
  }
});

describe("If-None-Match", () => {
  for (const [tag, status] of Object.entries({
    [`"${digest}"`]: 304,
    [`W/"${digest}"`]: 304,
    [`"other", "${digest}"`]: 304,
    "*": 304,
    '"other"': 200,
    [digest]: 200,
  })) {
    test(`${tag.slice(0, 24)} is answered ${status}`, async () => {
      const headers = { "if-none-match": tag };
      for (const method of ["GET", "HEAD"]) {
        const response = await repository.fetch(`/blobs/${digest}`, { method, headers });
        expect(response.status).toBe(status);
        await response.arrayBuffer();
      }
    });
  }
});

test("many downloads that are broken off leave no file open", async () => {
  const large = randomBytes(8_000_000);
  const path = `/blobs/${await repository.pushBlob(large)}`;
  for (let round = 0; round < 30; round++) {
    const controller = new AbortController();
    const response = await repository.fetch(path, { signal: controller.signal });
    await response.body?.getReader().read();
    controller.abort();
  }
  const response = await repository.fetch(path);
  expect(digestOf(new Uint8Array(await response.arrayBuffer()))).toBe(digestOf(large));
});

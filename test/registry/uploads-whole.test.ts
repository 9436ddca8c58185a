import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { type Breakwater, startBreakwater } from "../support/breakwater.ts";
import { uniqueName } from "../support/harbor.ts";
import { digestOf, randomBytes } from "../support/image.ts";
import { openRepository, type RepositoryClient, withDigest } from "../support/registry-client.ts";
import { refusal, refused } from "./answers.ts";
import { isStored, stagedFiles } from "./storage.ts";

let server: Breakwater;
beforeAll(async () => {
  server = await startBreakwater();
});
afterAll(() => server[Symbol.asyncDispose]());

const open = (): Promise<RepositoryClient> => openRepository(server, `library/${uniqueName("whole")}`);
const binary = { "content-type": "application/octet-stream" };

describe("a blob in one piece", () => {
  test("by POST and PUT", async () => {
    const repository = await open();
    const bytes = randomBytes(300_000);
    const digest = digestOf(bytes);
    const location = await repository.startUpload();

    const response = await repository.fetch(withDigest(location, digest), {
      method: "PUT",
      headers: binary,
      body: bytes,
    });

    expect(response.status).toBe(201);
    expect(response.headers.get("location")).toBe(`/v2/${repository.name}/blobs/${digest}`);
    expect(response.headers.get("docker-content-digest")).toBe(digest);
    expect(await repository.pullBlob(digest)).toEqual(bytes);
    expect(await stagedFiles(server, location)).toEqual([]);
  });

  test("by a single POST", async () => {
    const repository = await open();
    const bytes = randomBytes(70_000);
    const digest = digestOf(bytes);
    const path = `/blobs/uploads/?digest=${digest}`;
    const response = await repository.fetch(path, { method: "POST", headers: binary, body: bytes });
    expect(response.status).toBe(201);
    expect(response.headers.get("location")).toBe(`/v2/${repository.name}/blobs/${digest}`);
    expect(await repository.pullBlob(digest)).toEqual(bytes);
  });

  test("as a stream of unknown length, closed by an empty PUT", async () => {
    const repository = await open();
    const bytes = randomBytes(1_500_000);
    const location = await repository.startUpload();
    const stream = new Blob([bytes]).stream();
    const patched = await repository.fetch(location, { method: "PATCH", body: stream });
    expect(patched.status).toBe(202);
    expect(patched.headers.get("range")).toBe(`0-${bytes.length - 1}`);
    const closed = await repository.fetch(withDigest(location, digestOf(bytes)), { method: "PUT" });
    expect(closed.status).toBe(201);
    expect(await repository.pullBlob(digestOf(bytes))).toEqual(bytes);
  });

  test("of no bytes at all", async () => {
    const repository = await open();
    const empty = new Uint8Array(0);
    const digest = await repository.pushBlob(empty);
    expect(await repository.pullBlob(digest)).toEqual(empty);
  });

  for (const announce of ["with", "without"]) {
    test(`under SHA-512, ${announce} announcing it`, async () => {
      const repository = await open();
      const bytes = randomBytes(100_000);
      const digest = digestOf(bytes, "sha512");
      const query = announce === "with" ? "?digest-algorithm=sha512" : "";
      const begun = await repository.fetch(`/blobs/uploads/${query}`, { method: "POST" });
      const location = begun.headers.get("location") ?? "";
      await repository.fetch(location, { method: "PATCH", body: bytes.slice(0, 40_000) });
      const closed = await repository.fetch(withDigest(location, digest), {
        method: "PUT",
        body: bytes.slice(40_000),
      });
      expect(closed.status).toBe(201);
      expect(closed.headers.get("docker-content-digest")).toBe(digest);
      expect(await repository.pullBlob(digest)).toEqual(bytes);
    });
  }
});

describe("nothing is stored of a blob", () => {
  test("whose bytes have another digest", async () => {
    const repository = await open();
    const bytes = randomBytes(5_000);
    const wrong = digestOf(randomBytes(8));
    const location = await repository.startUpload();
    const response = await repository.fetch(withDigest(location, wrong), { method: "PUT", body: bytes });
    const { status, code, detail } = await refusal(response);
    expect([status, code]).toEqual([400, "DIGEST_INVALID"]);
    expect(detail).toEqual({ expected: wrong, actual: digestOf(bytes), size: 5_000 });
    expect(await refused(await repository.fetch(location))).toBe("404 BLOB_UPLOAD_UNKNOWN");
    expect(await stagedFiles(server, location)).toEqual([]);
    for (const digest of [wrong, digestOf(bytes)]) {
      expect(await refused(await repository.fetch(`/blobs/${digest}`))).toBe("404 BLOB_UNKNOWN");
      expect(await isStored(server, digest)).toBe(false);
    }
  });

  test("that a single POST brings under another digest", async () => {
    const repository = await open();
    const before = await stagedFiles(server);
    const path = `/blobs/uploads/?digest=${digestOf(randomBytes(8))}`;
    const response = await repository.fetch(path, { method: "POST", body: randomBytes(5_000) });
    expect(await refused(response)).toBe("400 DIGEST_INVALID");
    expect(await stagedFiles(server)).toEqual(before);
  });

  for (const digest of [
    "",
    "sha256:",
    "sha256:abc",
    `md5:${"a".repeat(32)}`,
    `sha256:${"A".repeat(64)}`,
    "x",
  ]) {
    test(`pushed under the digest "${digest.slice(0, 12)}", and its upload can go on`, async () => {
      const repository = await open();
      const location = await repository.startUpload();
      const response = await repository.fetch(withDigest(location, digest), { method: "PUT", body: "x" });
      expect(await refused(response)).toBe("400 DIGEST_INVALID");
      expect((await repository.fetch(location)).status).toBe(204);
    });
  }

  test("announced under an algorithm that nobody knows", async () => {
    const response = await (await open()).fetch("/blobs/uploads/?digest-algorithm=md5", { method: "POST" });
    expect(await refused(response)).toBe("400 DIGEST_INVALID");
  });
});

import { afterAll, beforeAll, expect, test } from "bun:test";
import { blobKey, openS3 } from "../../src/blobs/index.ts";
import { digestOf as keyDigestOf } from "../../src/kernel/index.ts";
import { type Breakwater, startBreakwater } from "../support/breakwater.ts";
import { describeUnless } from "../support/describe-unless.ts";
import { randomBytes } from "../support/image.ts";
import { expectStatus, openRepository, type RepositoryClient } from "../support/registry-client.ts";
import { type S3Server, s3Missing, startS3 } from "../support/s3.ts";

const bytes = randomBytes(100_000);

describeUnless(s3Missing, "redirects to S3", () => {
  let s3: S3Server;
  beforeAll(async () => {
    s3 = await startS3();
  });
  afterAll(() => s3[Symbol.asyncDispose]());

  test("are for the networks that are named, but for the exceptions", async () => {
    const key = blobKey(keyDigestOf("x"));
    const store = await openS3(
      s3.options({
        redirect: {
          endpoint: "https://images.example.com",
          networks: ["10.0.0.0/8", "fd00::/8", "192.0.2.7"],
          except: ["10.1.0.0/16"],
          lifetime: 60,
        },
      }),
    );
    const hostFor = async (address: string) => {
      const url = await store.redirect(key, address);
      return url === null ? null : new URL(url).host;
    };
    expect(await hostFor("10.2.3.4")).toBe("images.example.com");
    expect(await hostFor("fd12::1")).toBe("images.example.com");
    expect(await hostFor("192.0.2.7")).toBe("images.example.com");
    for (const address of ["10.1.2.3", "192.0.2.8", "2001:db8::1", "127.0.0.1", ""]) {
      expect(await hostFor(address)).toBeNull();
    }
  });

  /** A registry with a blob in it, on the shared bucket. */
  async function registry(
    further: object,
    own: object = {},
  ): Promise<{
    server: Breakwater;
    repository: RepositoryClient;
    path: string;
  }> {
    const server = await startBreakwater({
      storage: s3,
      config: { storage_service: further, breakwater: own },
    });
    const repository = await openRepository(server, "library/redirected");
    return { server, repository, path: `/blobs/${await repository.pushBlob(bytes)}` };
  }

  test("do not happen unless somebody asked for them", async () => {
    const { server, repository, path } = await registry({});
    await using _ = server;
    await expectStatus(200, await repository.fetch(path));
  });

  test("answer GET with a signed URL, which gives the bytes and ranges of them, and not HEAD", async () => {
    const { server, repository, path } = await registry({ redirect: { disable: false } });
    await using _ = server;
    const response = await expectStatus(307, await repository.fetch(path));
    expect(response.headers.get("docker-content-digest")).toBe(path.slice("/blobs/".length));
    expect(response.headers.get("cache-control")).toBe("no-store");
    const url = response.headers.get("location") ?? "";
    expect(new URL(url).host).toBe(s3.host);
    expect(url).not.toContain("a-secret-of-the-tests");

    const direct = await expectStatus(200, await fetch(url));
    expect(direct.headers.get("content-type")).toBe("application/octet-stream");
    expect(Buffer.from(bytes).equals(Buffer.from(await direct.bytes()))).toBe(true);
    const range = await expectStatus(206, await fetch(url, { headers: { range: "bytes=10-19" } }));
    expect(Buffer.from(bytes.subarray(10, 20)).equals(Buffer.from(await range.bytes()))).toBe(true);
    // Nobody makes another object's URL out of it, nor writes with it.
    expect((await fetch(url.replace(/[0-9a-f]{8}\/data/, "00000000/data"))).status).toBe(403);
    expect((await fetch(url, { method: "PUT", body: "x" })).status).toBe(403);

    const head = await expectStatus(200, await repository.fetch(path, { method: "HEAD" }));
    expect(head.headers.get("content-length")).toBe(String(bytes.length));
    const missing = await repository.fetch(`/blobs/sha256:${"0".repeat(64)}`);
    expect(missing.status).toBe(404);
  });

  test("name the public endpoint, and leave out clients of other networks", async () => {
    const own = { redirect: { endpoint: "https://images.example.com", expires_in: "5m" } };
    const { server, repository, path } = await registry({}, own);
    await using _ = server;
    const response = await expectStatus(307, await repository.fetch(path));
    const url = new URL(response.headers.get("location") ?? "");
    expect(url.host).toBe("images.example.com");
    expect(url.searchParams.get("X-Amz-Expires")).toBe("300");

    const elsewhere = await registry({}, { redirect: { ...own.redirect, networks: "10.0.0.0/8" } });
    await using _other = elsewhere.server;
    const streamed = await expectStatus(200, await elsewhere.repository.fetch(elsewhere.path));
    expect(Buffer.from(bytes).equals(Buffer.from(await streamed.bytes()))).toBe(true);
  }, 30_000);
});

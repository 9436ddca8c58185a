import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { refusal, refused } from "../registry/answers.ts";
import { type Breakwater, startBreakwater } from "../support/breakwater.ts";
import { type Image, makeImage } from "../support/image.ts";
import { openRepository, type RepositoryClient } from "../support/registry-client.ts";
import { expectClean, expectUnharmed } from "./health.ts";

let server: Breakwater;
let repository: RepositoryClient;
let image: Image;
beforeAll(async () => {
  server = await startBreakwater();
  repository = await openRepository(server, "library/headers");
  image = await makeImage();
  await repository.pushImage(image, "latest");
});
afterAll(async () => {
  await expectUnharmed(server);
  await expectClean(server);
  await server[Symbol.asyncDispose]();
});

const long = "x".repeat(12_000);
const noise = [
  "",
  " ",
  ",",
  ";",
  ",,,,",
  "*",
  "\t",
  '"',
  "\u00ff",
  "null",
  "[object Object]",
  "-1",
  "9".repeat(400),
  long,
];

describe("an Authorization header that is none is answered 401, with what to do", () => {
  const token = `${btoa('{"alg":"none"}')}.${btoa('{"access":[]}')}.`;
  const values = [
    ...noise,
    "Bearer",
    "Bearer ",
    "Bearer a.b.c",
    `Bearer ${token}`,
    `Bearer ${long}`,
    "Basic",
    "Basic !!!",
    `Basic ${btoa("no colon")}`,
    `Basic ${btoa(":")}`,
    `Basic ${btoa("a\0b:c")}`,
    `Basic ${Buffer.from([0xff, 0xfe, 0x3a, 0x80]).toString("base64")}`,
    `Digest username="admin"`,
  ];
  for (const authorization of values) {
    test(JSON.stringify(authorization.slice(0, 24)), async () => {
      const response = await repository.fetch("/manifests/latest", { headers: { authorization } });
      expect(response.headers.get("www-authenticate")).toStartWith("Bearer realm=");
      expect(await refused(response)).toBe("401 UNAUTHORIZED");
    });
  }

  test("one that was changed by a letter", async () => {
    const [start = "", payload = "", signature = ""] = repository.token.split(".");
    const forged = JSON.parse(Buffer.from(payload, "base64url").toString());
    forged.access = [{ type: "repository", name: "secret/app", actions: ["pull"] }];
    const claims = Buffer.from(JSON.stringify(forged)).toString("base64url");
    for (const token of [
      `${start}.${claims}.${signature}`,
      `${start}.${payload}.${signature.slice(0, -2)}`,
      `${start}.${payload}.`,
      `${Buffer.from('{"alg":"none","typ":"JWT"}').toString("base64url")}.${claims}.`,
      `${Buffer.from('{"alg":"RS256","typ":"JWT"}').toString("base64url")}.${claims}.${signature}`,
    ]) {
      const response = await repository.fetch("/manifests/latest", {
        headers: { authorization: `Bearer ${token}` },
      });
      expect(await refused(response)).toBe("401 UNAUTHORIZED");
    }
  });
});

test("whatever is accepted, a manifest comes as it is, or is said not to be acceptable", async () => {
  for (const accept of [
    ...noise,
    "application/*",
    "text/html;q=0",
    "a/b;".repeat(2_000),
    "manifest".repeat(1_000),
  ]) {
    const response = await repository.fetch("/manifests/latest", { headers: { accept } });
    if (response.status === 404) expect(await refused(response)).toBe("404 MANIFEST_UNKNOWN");
    else expect(new Uint8Array(await response.arrayBuffer())).toEqual(image.manifest.bytes);
  }
});

test("whatever range or condition is asked for, a blob comes, or is refused", async () => {
  const [layer] = image.layers;
  const path = `/blobs/${layer?.digest}`;
  const ranges = [
    ...noise,
    "bytes",
    "bytes=",
    "bytes=-",
    "bytes=0",
    "bytes=a-",
    `bytes=${"0-1,".repeat(2_000)}`,
    "bytes=1-0",
  ];
  for (const value of ranges) {
    for (const header of ["range", "if-range", "if-none-match", "if-match", "if-modified-since"]) {
      const response = await repository.fetch(path, { headers: { [header]: value } });
      if (response.status >= 400) expect(await refused(response)).toBe("416 RANGE_INVALID");
      else await response.arrayBuffer();
    }
  }
});

test("a manifest of whatever type is taken for what it says inside", async () => {
  for (const type of noise) {
    const response = await repository.fetch("/manifests/typed", {
      method: "PUT",
      headers: { "content-type": type },
      body: image.manifest.bytes,
    });
    expect(response.status).toBe(201);
  }
  expect((await repository.pullManifest("typed")).mediaType).toBe(image.manifest.mediaType);
});

describe("queries of garbage are refused or passed over", () => {
  const garbage = [
    "",
    "%",
    "%ff",
    "%00",
    "-1",
    "1.5",
    "1e9",
    "0x10",
    "NaN",
    "Infinity",
    "9".repeat(400),
    "..",
    "' or 1=1--",
    "\u{1f600}",
    "[]",
    long,
  ];
  const requests: Record<string, readonly number[]> = {
    "GET /tags/list?n=": [200, 400],
    "GET /tags/list?last=": [200],
    "GET /v2/_catalog?n=": [200, 400],
    "GET /v2/_catalog?last=": [200],
    "GET /referrers/DIGEST?artifactType=": [200],
    "GET /referrers/DIGEST?after=": [200],
    "POST /blobs/uploads/?digest=": [400],
    "POST /blobs/uploads/?mount=": [400],
    "POST /blobs/uploads/?mount=DIGEST&from=": [202],
    "POST /blobs/uploads/?digest-algorithm=": [400],
    "PUT /manifests/DIGEST?tag=": [400],
  };
  for (const [request, statuses] of Object.entries(requests)) {
    test(request, async () => {
      const [method = "", path = ""] = request.replace("DIGEST", image.manifest.digest).split(" ");
      const body = method === "PUT" ? { body: image.manifest.bytes } : {};
      for (const value of garbage) {
        const response = await repository.fetch(`${path}${value}`, { method, ...body });
        // As a tag, some of it is not garbage.
        const fine = method === "PUT" && /^[\w.-]{1,128}$/.test(value) && !/^[.-]/.test(value);
        expect([...statuses, fine ? 201 : 0], `${path}${value.slice(0, 20)}`).toContain(response.status);
        if (response.status >= 400) await refusal(response);
      }
    });
  }

  test("the same parameter many times", async () => {
    const many = (name: string, value: string) =>
      Array.from({ length: 500 }, () => `${name}=${value}`).join("&");
    expect((await repository.fetch(`/tags/list?${many("n", "1")}`)).status).toBe(200);
    const tags = Array.from({ length: 500 }, (_, n) => `tag=t${n}`).join("&");
    const response = await repository.fetch(`/manifests/${image.manifest.digest}?${tags}`, {
      method: "PUT",
      body: image.manifest.bytes,
    });
    expect(await refused(response)).toBe("400 TAG_INVALID");
  });
});

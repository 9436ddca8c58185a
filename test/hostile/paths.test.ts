import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { refusal, refused } from "../registry/answers.ts";
import { type Breakwater, startBreakwater } from "../support/breakwater.ts";
import { createProject } from "../support/harbor.ts";
import { digestOf, makeImage, randomBytes } from "../support/image.ts";
import { openRepository, type RepositoryClient } from "../support/registry-client.ts";
import { expectClean, expectUnharmed } from "./health.ts";
import { head, sendRaw } from "./raw.ts";

let server: Breakwater;
let repository: RepositoryClient;
let secret: string;
beforeAll(async () => {
  server = await startBreakwater({ http: true });
  repository = await openRepository(server, "library/paths", null);
  const project = await createProject(server);
  secret = `${project}/secret`;
  const owner = await openRepository(server, secret);
  await owner.pushImage(await makeImage(), "latest");
  const open = await openRepository(server, "library/paths");
  await open.pushImage(await makeImage(), "latest");
});
afterAll(async () => {
  await expectUnharmed(server);
  await expectClean(server);
  await server[Symbol.asyncDispose]();
});

const escapes = [
  "..",
  "%2e%2e",
  "%2E.",
  "..%2f..",
  "%2e%2e%2f%2e%2e",
  "..%5c..",
  "..\\..",
  "%c0%ae%c0%ae",
  "%e0%80%ae%e0%80%ae",
  "%252e%252e",
  "....//",
  "%00",
  "%0a",
  "%u002e%u002e",
  "\xc0\xae",
  ";",
  "~root",
  "_layers",
  "_manifests",
];

describe("whatever stands for two dots leads nowhere", () => {
  for (const dots of escapes) {
    test(JSON.stringify(dots), async () => {
      const places = [
        `/v2/${dots}/library/paths/tags/list`,
        `/v2/library/${dots}/${secret}/manifests/latest`,
        `/v2/library/paths/${dots}/${dots}/${secret}/manifests/latest`,
        `/v2/library/paths${dots}/tags/list`,
        `/v2/library/paths/manifests/${dots}`,
        `/v2/library/paths/manifests/${dots}/${dots}/${dots}/etc/passwd`,
        `/v2/library/paths/blobs/${dots}`,
        `/v2/library/paths/blobs/sha256:${dots}`,
        `/v2/library/paths/blobs/sha256:${dots}/${dots}/data`,
        `/v2/library/paths/blobs/uploads/${dots}`,
        `/v2/library/paths/referrers/${dots}`,
        `/${dots}/${dots}/etc/passwd`,
      ];
      for (const place of places) {
        const headers = { Authorization: `Bearer ${repository.token}` };
        const { statuses, text } = await sendRaw(server, head(`GET ${place} HTTP/1.1`, headers));
        const [status = 0] = statuses;
        expect(text).not.toContain("root:");
        expect(text).not.toContain("schemaVersion");
        expect([400, 401, 404]).toContain(status);
      }
    });
  }
});

test("a push to a path outside writes no file anywhere", async () => {
  const admin = await openRepository(server, "library/paths");
  const before = await readdir(server.dataDir, { recursive: true });
  const { manifest } = await makeImage();
  for (const dots of escapes) {
    for (const path of [
      `/manifests/${dots}`,
      `/${dots}/manifests/latest`,
      `/blobs/uploads/${dots}?digest=${manifest.digest}`,
    ]) {
      const request = head(`PUT /v2/library/paths${path} HTTP/1.1`, {
        Authorization: `Bearer ${admin.token}`,
        "Content-Type": manifest.mediaType,
        "Content-Length": String(manifest.bytes.length),
      });
      const { statuses } = await sendRaw(server, [request, manifest.bytes]);
      expect([400, 401, 404, 405]).toContain(statuses[0] ?? 0);
    }
  }
  const after = await readdir(server.dataDir, { recursive: true });
  const strange = after.filter((file) => !before.includes(file) && !/\.sqlite(-wal|-shm)?$/.test(file));
  expect(strange).toEqual([]);
  expect(await Bun.file(join(server.dataDir, "../latest")).exists()).toBe(false);
});

const names = [
  "",
  "a",
  "UPPER/x",
  "library/",
  "/library",
  "library//x",
  "library/x_",
  "library/-x",
  "library/x..y",
  "library/x___y",
  "library/é",
  `library/${"x".repeat(300)}`,
  "library/ x",
  "library/x:y",
  "library/x@y",
  "_catalog/x",
];

test("what is no repository's name is refused, at every kind of request", async () => {
  const digest = digestOf(randomBytes(4));
  for (const name of names) {
    const base = `/v2/${encodeURI(name)}`;
    for (const path of [
      "/tags/list",
      "/manifests/latest",
      `/blobs/${digest}`,
      `/referrers/${digest}`,
      "/blobs/uploads/x",
    ]) {
      const { status, code } = await refusal(await server.fetch(`${base}${path}`));
      expect(`${status} ${code}`, `${base}${path}`).toBe("400 NAME_INVALID");
    }
  }
});

test("what is no tag or digest is refused to who pushes, and unknown to who pulls", async () => {
  const admin = await openRepository(server, "library/paths");
  const { manifest } = await makeImage({ layers: 0 });
  for (const tag of [".x", "-x", "x".repeat(129), "a b", "é", "a%00", "a%2fb", "*"]) {
    const path = `/manifests/${encodeURI(tag)}`;
    const body = { method: "PUT", headers: { "content-type": manifest.mediaType }, body: manifest.bytes };
    expect(await refused(await admin.fetch(path, body))).toBe("400 TAG_INVALID");
    expect(await refused(await admin.fetch(path))).toBe("404 MANIFEST_UNKNOWN");
  }
  for (const digest of [
    "sha256:",
    "sha256:xyz",
    `sha256:${"0".repeat(63)}`,
    `sha1:${"0".repeat(40)}`,
    ":",
    "sha256:sha256:",
  ]) {
    expect(await refused(await admin.fetch(`/manifests/${digest}`))).toBe("400 DIGEST_INVALID");
    expect(await refused(await admin.fetch(`/referrers/${digest}`))).toBe("400 DIGEST_INVALID");
    expect(await refused(await admin.fetch(`/blobs/${digest}`))).toBe("400 DIGEST_INVALID");
  }
});

import { afterAll, beforeAll, expect, test } from "bun:test";
import type { Socket } from "node:net";
import { type Breakwater, startBreakwater } from "../support/breakwater.ts";
import { eventually } from "../support/eventually.ts";
import { digestOf, randomBytes } from "../support/image.ts";
import { openRepository, type RepositoryClient } from "../support/registry-client.ts";
import { expectClean, expectUnharmed, memoryOf, openFilesOf } from "./health.ts";
import { head, openSocket } from "./raw.ts";

const MiB = 1024 * 1024;
let server: Breakwater;
let repository: RepositoryClient;
beforeAll(async () => {
  server = await startBreakwater({ http: true });
  repository = await openRepository(server, "library/slow");
  await repository.pushBlob(randomBytes(100_000));
});
afterAll(async () => {
  await expectUnharmed(server);
  await expectClean(server);
  await server[Symbol.asyncDispose]();
});

/** Opens connections that send a first part and then nothing; answers what ends them. */
function stall(count: number, first: string): () => void {
  const sockets: Socket[] = Array.from({ length: count }, () => openSocket(server));
  for (const socket of sockets) socket.write(first);
  return () => {
    for (const socket of sockets) socket.destroy();
  };
}

async function expectResponsive(): Promise<void> {
  const bytes = randomBytes(200_000);
  const digest = await repository.pushBlob(bytes);
  expect(digestOf(await repository.pullBlob(digest))).toBe(digest);
}

const token = () => ({ Authorization: `Bearer ${repository.token}` });
const stalls: Record<string, () => string> = {
  "within their requests' heads": () => "GET /v2/library/slow/tags/list HTTP/1.1\r\nHost: local",
  "before their manifests": () =>
    head("PUT /v2/library/slow/manifests/x HTTP/1.1", { ...token(), "Content-Length": "1000" }),
  "within their manifests": () =>
    `${head("PUT /v2/library/slow/manifests/x HTTP/1.1", { ...token(), "Content-Length": "1000" })}{"a"`,
  "within their logins": () =>
    `${head("POST /c/login HTTP/1.1", {
      "Content-Length": "1000",
      "Content-Type": "application/x-www-form-urlencoded",
    })}principal=`,
};

for (const [where, first] of Object.entries(stalls)) {
  test(`300 clients that stall ${where} keep nobody waiting, and leave nothing behind`, async () => {
    const files = await openFilesOf(server);
    const memory = await memoryOf(server);
    const end = stall(300, first());
    await eventually(
      () => openFilesOf(server),
      (open) => open >= files + 290,
    );
    await expectResponsive();
    expect(await memoryOf(server)).toBeLessThan(memory + 100 * MiB);
    end();
    await eventually(
      () => openFilesOf(server),
      (open) => open < files + 20,
    );
  });
}

test("100 uploads whose clients stall keep nobody waiting, and close their files", async () => {
  const files = await openFilesOf(server);
  const locations: string[] = [];
  // One after the other: connections that this process keeps open would count.
  while (locations.length < 100) locations.push(await repository.startUpload());
  const ends = locations.map((location) =>
    stall(1, `${head(`PATCH ${location} HTTP/1.1`, { ...token(), "Content-Length": "1000" })}abc`),
  );
  await eventually(
    () => openFilesOf(server),
    (open) => open >= files + 190,
  );
  await expectResponsive();
  for (const end of ends) end();
  await eventually(
    () => openFilesOf(server),
    (open) => open < files + 20,
  );
  for (const location of locations) {
    await eventually(
      async () => (await repository.fetch(location)).headers.get("range"),
      (range) => range === "0-2",
    );
    expect((await repository.fetch(location, { method: "DELETE" })).status).toBe(204);
  }
});

test("a download that is not read does not fill the memory", async () => {
  const digest = await repository.pushBlob(randomBytes(64 * MiB));
  const memory = await memoryOf(server);
  const path = `/v2/library/slow/blobs/${digest}`;
  const end = stall(20, head(`GET ${path} HTTP/1.1`, token()));
  await expectResponsive();
  await Bun.sleep(500);
  expect(await memoryOf(server)).toBeLessThan(memory + 200 * MiB);
  end();
});

test("a body that nobody waits for does not fill the memory", async () => {
  const location = await repository.startUpload();
  const holder = stall(
    1,
    `${head(`PATCH ${location} HTTP/1.1`, { ...token(), "Content-Length": "1000" })}abc`,
  );
  await eventually(
    () => openFilesOf(server),
    (open) => open > 0,
  );
  const memory = await memoryOf(server);
  const size = 512 * MiB;
  const waiting = openSocket(server);
  waiting.write(head(`PATCH ${location} HTTP/1.1`, { ...token(), "Content-Length": String(size) }));
  const block = Buffer.alloc(MiB);
  for (let sent = 0; sent < 64; sent++) waiting.write(block);
  await expectResponsive();
  expect(await memoryOf(server)).toBeLessThan(memory + 48 * MiB);
  waiting.destroy();
  holder();
});

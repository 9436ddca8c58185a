import { afterAll, beforeAll, expect, test } from "bun:test";
import { type Breakwater, startBreakwater } from "../support/breakwater.ts";
import { uniqueName } from "../support/harbor.ts";
import { digestOf, randomBytes } from "../support/image.ts";
import { openRepository, type RepositoryClient, withDigest } from "../support/registry-client.ts";
import { refused } from "./answers.ts";
import { stagedFiles } from "./storage.ts";

let server: Breakwater;
beforeAll(async () => {
  server = await startBreakwater({ workers: 2 });
});
afterAll(() => server[Symbol.asyncDispose]());

const open = (): Promise<RepositoryClient> => openRepository(server, `library/${uniqueName("cancel")}`);

test("a cancelled upload is gone, with its bytes", async () => {
  const repository = await open();
  const location = await repository.startUpload();
  await repository.fetch(location, { method: "PATCH", body: randomBytes(1_000) });
  expect(await stagedFiles(server, location)).toHaveLength(1);

  expect((await repository.fetch(location, { method: "DELETE" })).status).toBe(204);

  expect(await stagedFiles(server, location)).toEqual([]);
  for (const method of ["GET", "PATCH", "DELETE"]) {
    expect(await refused(await repository.fetch(location, { method }))).toBe("404 BLOB_UPLOAD_UNKNOWN");
  }
});

test("uploads that are cancelled while bytes arrive leave none of them behind", async () => {
  const repository = await open();
  const bytes = randomBytes(100_000);
  const locations = await Promise.all(Array.from({ length: 40 }, () => repository.startUpload()));
  await Promise.all(
    locations.map(async (location) => {
      const [sent, cancelled] = await Promise.all([
        repository.fetch(location, { method: "PATCH", body: bytes }),
        repository.fetch(location, { method: "DELETE" }),
      ]);
      expect([202, 404]).toContain(sent.status);
      expect(cancelled.status).toBe(204);
    }),
  );
  const left = await Promise.all(locations.map((location) => stagedFiles(server, location)));
  expect(left.flat()).toEqual([]);
});

test("an upload that is finished many times at once is finished for each who asks", async () => {
  const repository = await open();
  const bytes = randomBytes(50_000);
  const location = await repository.startUpload();
  await repository.fetch(location, { method: "PATCH", body: bytes });
  const finish = () => repository.fetch(withDigest(location, digestOf(bytes)), { method: "PUT" });
  const statuses = (await Promise.all(Array.from({ length: 30 }, finish))).map(({ status }) => status);
  expect(statuses.filter((status) => status === 201)).toHaveLength(30);
  expect(await repository.pullBlob(digestOf(bytes))).toEqual(bytes);
});

import { afterAll, beforeAll, expect, test } from "bun:test";
import { type Breakwater, startBreakwater } from "../support/breakwater.ts";
import { uniqueName } from "../support/harbor.ts";
import { digestOf, type Image, makeImage, randomBytes } from "../support/image.ts";
import { expectStatus, openRepository, withDigest } from "../support/registry-client.ts";
import { refusal, refused } from "./answers.ts";
import { isStored, stagedFiles } from "./storage.ts";

let server: Breakwater;
beforeAll(async () => {
  server = await startBreakwater({
    config: { breakwater: { gc: { grace: "5s", schedule: "* * * * * *" } } },
  });
});
afterAll(() => server[Symbol.asyncDispose]());

async function limitedProject(limit: number): Promise<string> {
  const name = uniqueName("quota");
  const response = await server.api("/projects", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ project_name: name, storage_limit: limit, metadata: { public: "false" } }),
  });
  await expectStatus(201, response);
  return name;
}

async function usedBy(project: string): Promise<number> {
  const response = await expectStatus(200, await server.api(`/projects/${project}/summary`));
  const { quota } = (await response.json()) as { quota: { used: { storage: number } } };
  return quota.used.storage;
}

const sizeOf = ({ layers, config, manifest }: Image) =>
  [...layers, config, manifest].reduce((sum, { size }) => sum + size, 0);

test("a push beyond the quota is refused with what to do, and stores nothing", async () => {
  const project = await limitedProject(10_000);
  const repository = await openRepository(server, `${project}/app`);
  const bytes = randomBytes(10_001);
  const digest = digestOf(bytes);
  const location = await repository.startUpload();
  const response = await repository.fetch(withDigest(location, digest), { method: "PUT", body: bytes });
  const { status, code, message, detail } = await refusal(response);
  expect([status, code]).toEqual([403, "DENIED"]);
  expect(message).toContain(`The storage quota of project "${project}" is exceeded`);
  expect(detail).toEqual({ project, needed: 10_001, limit: 10_000 });
  expect(await isStored(server, digest)).toBe(false);
  expect(await stagedFiles(server, location)).toEqual([]);
  expect(await usedBy(project)).toBe(0);
});

test("a chunk that announces too much is refused before it is sent", async () => {
  const project = await limitedProject(10_000);
  const repository = await openRepository(server, `${project}/app`);
  const location = await repository.startUpload();
  const response = await repository.fetch(location, {
    method: "PATCH",
    headers: { "content-range": "0-10000" },
    body: randomBytes(10_001),
  });
  expect(await refused(response)).toBe("403 DENIED");
});

test("a manifest beyond the quota is refused, and stores nothing", async () => {
  const image = await makeImage();
  const project = await limitedProject(sizeOf(image) - 1);
  const repository = await openRepository(server, `${project}/app`);
  for (const { bytes } of [...image.layers, image.config]) await repository.pushBlob(bytes);
  const response = await repository.fetch("/manifests/latest", {
    method: "PUT",
    headers: { "content-type": image.manifest.mediaType },
    body: image.manifest.bytes,
  });
  expect(await refused(response)).toBe("403 DENIED");
  expect(await isStored(server, image.manifest.digest)).toBe(false);
});

test("what is used is exact after pushes, in however many repositories, and after deletions", async () => {
  const [image, other] = [await makeImage(), await makeImage({ layers: 1 })];
  const project = await limitedProject(sizeOf(image) + sizeOf(other));
  const [one, two] = [
    await openRepository(server, `${project}/one`),
    await openRepository(server, `${project}/two`),
  ];
  await one.pushImage(image, "latest");
  expect(await usedBy(project)).toBe(sizeOf(image));
  await two.pushImage(image, "latest");
  for (const { digest } of image.layers) {
    const query = `?mount=${digest}&from=${one.name}`;
    expect((await two.fetch(`/blobs/uploads/${query}`, { method: "POST" })).status).toBe(201);
  }
  expect(await usedBy(project)).toBe(sizeOf(image));
  await two.pushImage(other, "other");
  expect(await usedBy(project)).toBe(sizeOf(image) + sizeOf(other));

  // The project is full; what it holds already can be pushed again all the same.
  await one.pushImage(other, "other");
  expect(await usedBy(project)).toBe(sizeOf(image) + sizeOf(other));

  for (const repository of [one, two]) {
    for (const { manifest } of [image, other]) {
      const response = await repository.fetch(`/manifests/${manifest.digest}`, { method: "DELETE" });
      expect(response.status).toBe(202);
    }
  }
  const deadline = Date.now() + 60_000;
  while ((await usedBy(project)) > 0 && Date.now() < deadline) await Bun.sleep(200);
  expect(await usedBy(project)).toBe(0);
  expect(await isStored(server, image.manifest.digest)).toBe(false);
  await one.pushImage(image, "again");
  expect(await usedBy(project)).toBe(sizeOf(image));
});

test("a quota raised lets the push go on", async () => {
  const project = await limitedProject(100);
  const repository = await openRepository(server, `${project}/app`);
  const bytes = randomBytes(200);
  const push = async () => {
    const location = await repository.startUpload();
    return repository.fetch(withDigest(location, digestOf(bytes)), { method: "PUT", body: bytes });
  };
  expect(await refused(await push())).toBe("403 DENIED");
  const { project_id: id } = (await (await server.api(`/projects/${project}`)).json()) as {
    project_id: number;
  };
  const raised = await server.api(`/quotas/${id}`, {
    method: "PUT",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ hard: { storage: 200 } }),
  });
  expect(raised.status).toBe(200);
  expect((await push()).status).toBe(201);
});

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { isStored, stagedFiles } from "../registry/storage.ts";
import { type Breakwater, startBreakwater } from "../support/breakwater.ts";
import { createProject, uniqueName } from "../support/harbor.ts";
import { digestOf, type Image, makeImage, randomBytes } from "../support/image.ts";
import { openRepository, type RepositoryClient, withDigest } from "../support/registry-client.ts";
import { expectClean, expectUnharmed } from "./health.ts";

const many = 200;

function counted(values: readonly (number | string)[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const value of values) counts[value] = (counts[value] ?? 0) + 1;
  return counts;
}

function atOnce<T>(count: number, work: (index: number) => Promise<T>): Promise<T[]> {
  return Promise.all(Array.from({ length: count }, (_, index) => work(index)));
}

for (const workers of [1, 2]) {
  describe(`with ${workers} process${workers === 1 ? "" : "es"}, at once`, () => {
    let server: Breakwater;
    let images: Image[];
    beforeAll(async () => {
      server = await startBreakwater({ workers });
      images = await atOnce(4, () => makeImage({ layers: 1 }));
    });
    afterAll(async () => {
      await expectUnharmed(server);
      await expectClean(server);
      await server[Symbol.asyncDispose]();
    });
    const open = (): Promise<RepositoryClient> => openRepository(server, `library/${uniqueName("many")}`);

    async function storageUsed(project: string): Promise<number> {
      const response = await server.api(`/projects/${project}/summary`);
      const { quota } = (await response.json()) as { quota: { used: { storage: number } } };
      return quota.used.storage;
    }

    test("many pushes of one blob", async () => {
      const project = await createProject(server);
      const bytes = randomBytes(50_000);
      const repositories = await atOnce(4, (index) => openRepository(server, `${project}/r${index}`));
      await atOnce(many, async (index) => repositories[index % 4]?.pushBlob(bytes));
      for (const repository of repositories) {
        expect(digestOf(await repository.pullBlob(digestOf(bytes)))).toBe(digestOf(bytes));
      }
      expect(await storageUsed(project)).toBe(bytes.length);
    });

    test("many pushes to one tag: it ends at one of them", async () => {
      const repository = await open();
      for (const image of images) await repository.pushImage(image);
      await atOnce(many, async (index) => {
        const image = images[index % images.length];
        if (image !== undefined) await repository.pushManifest("latest", image.manifest);
      });
      const { digest } = await repository.pullManifest("latest");
      expect(images.map((image) => image.manifest.digest)).toContain(digest);
      const list = await (await repository.fetch("/tags/list")).json();
      expect(list).toEqual({ name: repository.name, tags: ["latest"] });
    });

    test("many chunks of the same range to one upload: one is taken", async () => {
      const repository = await open();
      const location = await repository.startUpload();
      const chunk = randomBytes(10_000);
      const statuses = await atOnce(50, async () => {
        const headers = { "content-range": "0-9999" };
        return (await repository.fetch(location, { method: "PATCH", headers, body: chunk })).status;
      });
      expect(counted(statuses)).toEqual({ "202": 1, "416": 49 });
      const closed = await repository.fetch(withDigest(location, digestOf(chunk)), { method: "PUT" });
      expect(closed.status).toBe(201);
    });

    test("many streams to one upload: each is taken whole", async () => {
      const repository = await open();
      const location = await repository.startUpload();
      const letters = "abcdefghijklmnopqrst";
      await atOnce(letters.length, async (index) => {
        const body = (letters[index] ?? "").repeat(1_000);
        expect((await repository.fetch(location, { method: "PATCH", body })).status).toBe(202);
      });
      const status = await repository.fetch(location);
      expect(status.headers.get("range")).toBe("0-19999");
      await repository.fetch(location, { method: "DELETE" });
      expect(await stagedFiles(server, location)).toEqual([]);
    });

    test("pushes and deletions of one image: what was acknowledged last is what there is", async () => {
      const repository = await open();
      const [image] = images;
      if (image === undefined) throw new Error("there is no image");
      await repository.pushImage(image, "latest");
      const statuses = await atOnce(60, async (index) => {
        if (index % 3 !== 0) {
          const headers = { "content-type": image.manifest.mediaType };
          const body = image.manifest.bytes;
          return (await repository.fetch("/manifests/latest", { method: "PUT", headers, body })).status;
        }
        return (await repository.fetch(`/manifests/${image.manifest.digest}`, { method: "DELETE" })).status;
      });
      expect(
        Object.keys(counted(statuses)).filter((status) => !["201", "202", "404"].includes(status)),
      ).toEqual([]);
      await repository.pushManifest("latest", image.manifest);
      expect((await repository.pullManifest("latest")).digest).toBe(image.manifest.digest);
      expect(await isStored(server, image.manifest.digest)).toBe(true);
    });

    test("a thousand uploads are begun, and each can be gone on with", async () => {
      const repository = await open();
      const locations: string[] = [];
      for (let round = 0; round < 5; round++) {
        locations.push(...(await atOnce(many, () => repository.startUpload())));
      }
      expect(new Set(locations).size).toBe(5 * many);
      for (const location of locations.slice(0, 20)) {
        expect((await repository.fetch(location, { method: "PATCH", body: "abc" })).status).toBe(202);
      }
    });
  });
}

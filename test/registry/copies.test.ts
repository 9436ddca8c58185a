import { expect, test } from "bun:test";
import {
  type Digest,
  day,
  hour,
  isRefusal,
  parseRepositoryName,
  systemCaller,
} from "../../src/kernel/index.ts";
import type { Services } from "../../src/serve/index.ts";
import { describeInstallations } from "../support/engines.ts";
import { type Image, makeImage } from "../support/image.ts";
import { openInstallation, openRooms, pushBlob, pushImage, pushManifest } from "../support/installation.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";

const NAME = "library/app";
const name = parseRepositoryName(NAME);

/** What several processes do to one database at once must come to the same as if they had taken turns. */
describeInstallations("two copies on one database", (environment) => {
  /** Two copies of Breakwater on one database and one blob store. */
  async function openCopies() {
    const directory = await temporaryDirectory("copies");
    const env = await environment();
    const first = await openInstallation(directory.path, env);
    const second = await openRooms(directory.path, env);
    return {
      first,
      second,
      all: [first, second],
      async [Symbol.asyncDispose]() {
        await first[Symbol.asyncDispose]();
        await second[Symbol.asyncDispose]();
        await directory[Symbol.asyncDispose]();
      },
    };
  }

  test("push the same images at once: every counter is exact", async () => {
    await using copies = await openCopies();
    const images = await makeImages(4);
    await Promise.all(
      copies.all.flatMap((copy, at) =>
        images.flatMap((image, index) => [
          pushImage(copy, NAME, image, "latest", `v${index}`),
          pushImage(copy, `${NAME}-${at}`, image, `v${index}`),
        ]),
      ),
    );
    expect(await problems(copies.first)).toEqual([]);
    const page = await copies.second.registry.tags.list(name, 100, null);
    expect(page.names).toEqual(["latest", "v0", "v1", "v2", "v3"]);
  });

  test("move one tag many times: it is where the last one put it", async () => {
    await using copies = await openCopies();
    const images = await makeImages(3);
    for (const image of images) await pushImage(copies.first, NAME, image);
    for (let round = 0; round < 5; round++) {
      await Promise.all(
        copies.all.flatMap((copy) =>
          images.map((image) => pushManifest(copy, NAME, image.manifest, ["latest"])),
        ),
      );
      const resolve = (copy: Services) =>
        copy.registry.resolver.resolve(name, { kind: "tag", tag: "latest" });
      const [here, there] = await Promise.all(copies.all.map(resolve));
      expect(here?.digest).toBe(there?.digest as Digest);
    }
    // The links in the storage follow the tags.
    expect(await problems(copies.first)).toEqual([]);
  });

  test("what one changes the other's caches do not hide", async () => {
    await using copies = await openCopies();
    const [before, after] = (await makeImages(2)) as [Image, Image];
    const seen = async () =>
      (await copies.second.registry.resolver.resolve(name, { kind: "tag", tag: "v1" })).digest as string;
    await pushImage(copies.first, NAME, before, "v1");
    expect(await seen()).toBe(before.manifest.digest);
    await pushImage(copies.first, NAME, after, "v1");
    expect(await seen()).toBe(after.manifest.digest);
    await copies.first.registry.tags.delete(systemCaller, name, "v1");
    expect(await outcome(seen())).toBe("MANIFEST_UNKNOWN");
  });

  test("delete, collect and push the same content at once: nothing that was acknowledged is missing", async () => {
    await using copies = await openCopies();
    const images = await makeImages(4);
    for (const image of images) await pushImage(copies.first, NAME, image, "v1");
    for (let round = 0; round < 4; round++) {
      await Promise.all([
        ...copies.all.map((copy) =>
          copy.registry.collector.collect({ grace: -hour, dryRun: false, deleteUntagged: true }),
        ),
        ...images.map((image, index) => outcome(remove(copies.all[index % 2] as Services, image))),
        ...copies.all.flatMap((copy) => images.map((image) => pushOver(copy, `${NAME}-new`, image))),
      ]);
      expect(await problems(copies.first)).toEqual([]);
      for (const image of images) await pushOver(copies.second, NAME, image);
    }
  });

  test("a quota that has room for one of two pushes takes one", async () => {
    await using copies = await openCopies();
    const { projects } = copies.first.projects;
    const admin = await copies.first.access.users.find("admin");
    const [one, two] = (await makeImages(2)) as [Image, Image];
    const project = await projects.create(systemCaller, {
      name: "small",
      ownerId: admin?.id ?? 0,
      storageLimit: Math.max(...[one, two].map(({ layers }) => layers[0]?.size ?? 0)) + 1,
      metadata: {},
    });
    const pushes = [one, two].map(({ layers }, at) =>
      outcome(pushBlob(copies.all[at] as Services, "small/app", layers[0] ?? one.config)),
    );
    expect((await Promise.all(pushes)).sort()).toEqual(["DENIED", "done"]);
    expect((await projects.get({ id: project.id })).storageUsed).toBeLessThanOrEqual(project.storageLimit);
  });

  test("a job is run once and a schedule submits once, whoever looks first", async () => {
    await using copies = await openCopies();
    const takers = Array.from({ length: 12 }, (_, at) => copies.all[at % 2] as Services);
    for (let round = 0; round < 5; round++) {
      const id = await copies.first.queue.submit("TEST", { round }, "manual");
      const taken = await Promise.all(takers.map(({ queue }, at) => queue.take(`runner ${at}`, ["TEST"])));
      const jobs = taken.filter((job) => job !== null);
      expect(jobs.map((job) => job.id)).toEqual([id]);
      const holder = `runner ${taken.findIndex((job) => job !== null)}`;
      await copies.second.queue.finish(id, holder, {
        state: "success",
        report: null,
        error: null,
        log: "",
      });
    }
    await copies.first.database.write((tx) =>
      tx
        .insertInto("schedule")
        .values({
          kind: "TICK",
          type: "Hourly",
          cron: "0 0 * * * *",
          parameters: "{}",
          next_at: Date.now() - day,
          updated_at: 0,
        })
        .execute(),
    );
    await Promise.all(takers.map(({ schedules }) => schedules.tick()));
    expect((await copies.first.queue.list("TICK", 10, 0)).total).toBe(1);
  });
});

function makeImages(count: number): Promise<Image[]> {
  return Promise.all(Array.from({ length: count }, () => makeImage({ layers: 2, layerSize: 2000 })));
}

async function remove({ registry }: Services, image: Image): Promise<void> {
  await registry.removal.deleteArtifact(systemCaller, NAME, image.manifest.digest as Digest);
}

/** As a client does, which begins again when content has been collected between its requests. */
async function pushOver(copy: Services, into: string, image: Image): Promise<void> {
  while ((await outcome(pushImage(copy, into, image, "v1"))) !== "done");
}

/** `done`, or the code of the refusal. */
async function outcome(work: Promise<unknown>): Promise<string> {
  try {
    await work;
    return "done";
  } catch (error) {
    if (isRefusal(error)) return error.code;
    throw error;
  }
}

async function problems({ registry }: Services): Promise<string[]> {
  const found: string[] = [];
  await registry.fsck.run({
    deep: true,
    repair: false,
    discardUnknown: false,
    grace: hour,
    onFinding: (finding) => {
      // An upload that the collector got ahead of leaves its row: its client was told to begin it again.
      if (finding.severity !== "leftover") found.push(JSON.stringify(finding));
    },
  });
  return found;
}

import { afterEach, beforeEach, expect, test } from "bun:test";
import { tmpdir } from "node:os";
import { blobKey } from "../../../src/blobs/index.ts";
import { type Digest, day, hour, minute } from "../../../src/kernel/index.ts";
import { Layers } from "../../../src/scan/images/layers.ts";
import type { ImageLayer, ImageLimits } from "../../../src/scan/inventory/index.ts";
import { describeOnEngines } from "../../support/engines.ts";
import { content, descriptor, jsonContent, makeIndex, OCI_MANIFEST } from "../../support/image.ts";
import { file } from "../inventory/archive.ts";
import { advisory } from "../match/advisories.ts";
import { debian, imageOf, layerOf, openScene, type Scene } from "./scene.ts";

const repository = "library/app";
const release = "Debian:12";

describeOnEngines("images that are pushed", (open) => {
  let scene: Scene;

  beforeEach(async () => {
    scene = await openScene(open);
  });
  afterEach(() => scene[Symbol.asyncDispose]());

  const summaryOf = async (id: number) => (await scene.scan.images.summaries([id])).get(id);
  const coverageOf = async (id: number) =>
    (await summaryOf(id))?.coverage?.map(
      ({ ecosystem, state, packages }) => `${ecosystem} ${state} ${packages}`,
    );
  const system = () => layerOf(...debian("12", "libssl3 3.0.1-1 openssl", "openssl 3.0.1-1", "tar 1.34-1"));
  const openssl = advisory(
    { id: "DSA-1-1", aliases: ["CVE-2024-0001"], severity: "High" },
    release,
    "openssl",
    "3.0.2-1",
  );
  const tar = advisory({ id: "CVE-2024-0002", severity: "Low" }, release, "tar", null);

  test("an image waits from its push on, and ends with a report of what was found", async () => {
    await scene.know(openssl, tar);
    await scene.rematch();
    const id = await scene.push(repository, imageOf(await system()), "1.0");
    expect(await summaryOf(id)).toMatchObject({
      state: "pending",
      reportedAt: null,
      counts: {},
      coverage: [],
    });
    expect(await scene.scan.images.waiting()).toBe(1);
    expect(await scene.work()).toBe(1);
    expect(await summaryOf(id)).toMatchObject({
      ...{ scanner: "Breakwater", state: "done", failure: null, counts: { High: 1, Low: 1 }, fixable: 1 },
      ...{ reportedAt: scene.clock.now, dataAsOf: scene.clock.now },
    });
    expect(await coverageOf(id)).toEqual(["Debian:12 covered 3"]);
    const report = await scene.scan.images.report(id);
    expect(report?.findings).toMatchObject([
      {
        ...{
          id: "CVE-2024-0001",
          aliases: ["DSA-1-1"],
          severity: "High",
          status: "affected",
          fixedVersion: "3.0.2-1",
        },
        ...{
          package: "openssl",
          version: "3.0.1-1",
          type: "deb",
          ecosystem: release,
          path: "var/lib/dpkg/status",
        },
        places: [
          { package: "libssl3", purl: expect.stringMatching(/^pkg:deb\/debian\/libssl3@3.0.1-1\?/) },
          { package: "openssl" },
        ],
      },
      { id: "CVE-2024-0002", severity: "Low", fixedVersion: null, package: "tar" },
    ]);
    expect((await scene.scan.images.inventory(id))?.packages).toHaveLength(3);
  });

  const copies = (versions: readonly string[]) =>
    layerOf(
      ...versions.map((version, index) =>
        file(`${index}/node_modules/x/package.json`, JSON.stringify({ name: "x", version })),
      ),
    );
  const many = (count: number) =>
    Array.from({ length: count }, (_, index) =>
      advisory({ id: `CVE-2024-${10_000 + index}` }, "npm", "x", "9.0.0"),
    );

  test("what an image holds a thousand times is matched once, and all its findings share the places", async () => {
    await scene.know(...many(2));
    const id = await scene.push(repository, imageOf(await copies(Array(1000).fill("1.0.0"))), "1.0");
    await scene.work();
    expect(await summaryOf(id)).toMatchObject({ state: "done", counts: { Unknown: 2 } });
    const [first, second] = (await scene.scan.images.report(id))?.findings ?? [];
    expect(first?.places).toHaveLength(1000);
    expect(second?.places).toBe(first?.places as NonNullable<typeof first>["places"]);
  });

  test("more findings than can be held at once are a stated failure", async () => {
    await scene.know(...many(120));
    const versions = Array.from({ length: 1000 }, (_, index) => `1.0.${index}`);
    const id = await scene.push(repository, imageOf(await copies(versions)), "1.0");
    const outcome = await scene.scan.images.work(new AbortController().signal);
    expect(outcome?.error).toMatchObject({ code: "PRECONDITION" });
    expect((await summaryOf(id))?.failure).toStartWith(
      "The image could not be scanned: More than 100000 vulnerabilities are known against its packages",
    );
  });

  test("layers are read once for all images, also by another process", async () => {
    const layer = await system();
    const first = await scene.push(repository, imageOf(layer), "1");
    await scene.work();
    await scene.objects.remove(blobKey(layer.digest as Digest));
    const second = await scene.push(repository, { ...imageOf(layer), layers: [] }, "2");
    const copy = await scene.push("library/copy", imageOf(await layerOf()), "1");
    expect(await scene.work(await scene.another())).toBe(2);
    expect(await coverageOf(second)).toEqual(await coverageOf(first));
    expect(await coverageOf(copy)).toEqual([]);
  });

  test("what cannot be read is no clean bill", async () => {
    await scene.know(openssl);
    await scene.rematch();
    const broken = content(
      "application/vnd.oci.image.layer.v1.tar+gzip",
      new Uint8Array([0x1f, 0x8b, 8, 0, 1, 2, 3]),
    );
    const id = await scene.push(repository, imageOf(await system(), broken), "1");
    await scene.work();
    const summary = await summaryOf(id);
    expect(summary?.state).toBe("done");
    expect(await coverageOf(id)).toEqual(["Debian:12 covered 3", "unknown unparsable 0"]);
    expect(summary?.coverage?.[1]?.message).toContain(broken.digest);
  });

  test("a version that cannot be compared makes its part unparsable", async () => {
    await scene.know(openssl);
    await scene.rematch();
    const id = await scene.push(repository, imageOf(await layerOf(...debian("12", "openssl v:1"))), "1");
    await scene.work();
    expect(await coverageOf(id)).toEqual(["Debian:12 unparsable 1"]);
    expect((await scene.scan.images.report(id))?.findings).toMatchObject([
      { id: "CVE-2024-0001", status: "unknown" },
    ]);
  });

  test("before there is a database nothing is covered", async () => {
    const id = await scene.push(repository, imageOf(await system()), "1");
    await scene.work();
    expect(await coverageOf(id)).toEqual(["Debian:12 no_feed 3"]);
    expect(await summaryOf(id)).toMatchObject({ counts: {}, dataAsOf: null });
  });

  test("a storage that fails is tried again, then said to fail; asked for again it starts anew", async () => {
    const layer = await system();
    const id = await scene.push(repository, imageOf(layer), "1");
    const key = blobKey(layer.digest as Digest);
    await scene.objects.remove(key);
    for (let attempt = 1; attempt <= 3; attempt++) {
      await expect(scene.work()).rejects.toThrow(layer.digest);
      expect(await scene.work()).toBe(0);
      scene.clock.now += 5 * minute;
    }
    const summary = await summaryOf(id);
    expect(summary).toMatchObject({ state: "failed", reportedAt: null });
    expect(summary?.failure).toStartWith(
      "The image could not be scanned: The storage does not have the layer",
    );
    const [tried, again] = [scene.clock.now - 5 * minute, scene.clock.now + 5 * minute];
    expect(summary?.failure).toEndWith(
      ` It was last tried at ${new Date(tried).toISOString()}, and will be tried again from ${new Date(again).toISOString()} on.`,
    );
    await scene.objects.put(key, layer.bytes);
    await scene.scan.images.request([id]);
    expect(await scene.work()).toBe(1);
    expect(await summaryOf(id)).toMatchObject({ state: "done", failure: null });
  });

  test("what failed several times is tried again after longer and longer pauses, a day at most, and after all others", async () => {
    const layer = await system();
    const id = await scene.push(repository, imageOf(layer), "1");
    await scene.objects.remove(blobKey(layer.digest as Digest));
    const fail = () => expect(scene.work()).rejects.toThrow(layer.digest);
    for (let attempt = 1; attempt <= 3; attempt++) {
      await fail();
      scene.clock.now += attempt < 3 ? 2 * minute : 0;
    }
    for (const pause of [10 * minute, 20 * minute, 40 * minute, 80 * minute]) {
      scene.clock.now += pause;
      expect(await scene.work()).toBe(0);
      scene.clock.now += 1;
      await fail();
    }
    for (let days = 1; days <= 10; days++) {
      scene.clock.now += day + 1;
      await fail();
    }
    scene.clock.now += day + 1;
    const other = await scene.push("library/other", imageOf(await layerOf(file("x", "1"))), "1");
    await fail();
    expect(await summaryOf(other)).toMatchObject({ state: "done" });
    await scene.objects.put(blobKey(layer.digest as Digest), layer.bytes);
    expect(await scene.scan.images.waiting()).toBe(0);
    scene.clock.now += day + 1;
    expect(await scene.work()).toBe(1);
    expect(await summaryOf(id)).toMatchObject({ state: "done", failure: null });
  });

  test("what an older version of this program failed at is tried again at once", async () => {
    const layer = await system();
    const id = await scene.push(repository, imageOf(layer), "1");
    await scene.objects.remove(blobKey(layer.digest as Digest));
    for (let attempt = 1; attempt <= 3; attempt++) {
      await expect(scene.work()).rejects.toThrow();
      scene.clock.now += 2 * minute;
    }
    expect(await scene.scan.images.requestOutdated()).toBe(0);
    await scene.database.write((tx) => tx.updateTable("image_scan").set({ tried_by: 0 }).execute());
    expect(await scene.scan.images.requestOutdated()).toBe(1);
    expect(await summaryOf(id)).toMatchObject({ state: "pending" });
  });

  test("one whose scan is broken off again and again waits for the next process, not for its pause", async () => {
    const id = await scene.push(repository, imageOf(await system()), "1");
    for (let restart = 0; restart < 4; restart++) {
      await scene.database.write((tx) =>
        tx.updateTable("image_scan").set({ state: "failed", held_until: 0, attempts: 3 }).execute(),
      );
      expect((await scene.scan.images.work(AbortSignal.abort()))?.error).toBeNull();
      expect(await summaryOf(id)).toMatchObject({ state: "pending" });
    }
    expect(await scene.work()).toBe(1);
    expect(await summaryOf(id)).toMatchObject({ state: "done" });
  });

  test("an image whose process died is taken over after its lease, a few times", async () => {
    const id = await scene.push(repository, imageOf(await system()), "1");
    const die = () =>
      scene.database.write((tx) =>
        tx
          .updateTable("image_scan")
          .set((of) => ({
            ...{ state: "running" as const, holder: "dead", held_until: scene.clock.now + minute },
            attempts: of("attempts", "+", 1),
          }))
          .where("manifest_id", "=", id)
          .execute(),
      );
    await die();
    expect(await scene.work()).toBe(0);
    scene.clock.now += 2 * minute;
    await die();
    await die();
    scene.clock.now += 2 * minute;
    expect(await scene.work()).toBe(0);
    expect(await summaryOf(id)).toMatchObject({ state: "failed" });
  });

  test("what is no image is forgotten, an index is its images, and a push again changes nothing", async () => {
    const image = imageOf(await system());
    const id = await scene.push(repository, image, "1");
    const signature = jsonContent("application/vnd.dev.cosign.simplesigning.v1+json", { critical: {} });
    const about = await scene.push(repository, imageOf(signature), "sig");
    const index = await scene.push(
      repository,
      { layers: [], config: image.config, manifest: makeIndex({ amd64: image }) },
      "all",
    );
    expect([...(await scene.scan.images.summaries([id, about, index])).keys()]).toEqual([id, about]);
    await scene.work();
    expect([...(await scene.scan.images.summaries([id, about, index])).keys()]).toEqual([id]);
    await scene.push(repository, image, "1", "2");
    expect(await scene.work()).toBe(0);
    expect(await summaryOf(id)).toMatchObject({ state: "done" });
  });

  test("a deleted image takes what is known of it along, and its packages go with the housekeeping", async () => {
    await scene.know(openssl);
    const image = imageOf(await system());
    const id = await scene.push(repository, image, "1");
    await scene.work();
    await scene.registry.manifests.delete(
      { kind: "user", name: "tester", address: "", requestId: "" },
      repository as never,
      image.manifest.digest as Digest,
    );
    expect(await summaryOf(id)).toBeUndefined();
    expect(await scene.scan.images.purge()).toBe(2);
    expect(await scene.scan.images.purge()).toBe(0);
    const left = await scene.database.read.selectFrom("package_finding").selectAll().execute();
    expect(left).toEqual([]);
  });

  test("stopped before it began: what was found before stands, and what never was says so", async () => {
    const id = await scene.push(repository, imageOf(await system()), "1");
    await scene.scan.images.stop([id]);
    expect(await summaryOf(id)).toMatchObject({
      state: "failed",
      stopped: true,
      failure: expect.stringContaining("stopped"),
    });
    await scene.scan.images.request([id]);
    await scene.work();
    await scene.scan.images.request([id], 7);
    await scene.scan.images.stopSweep(7);
    expect(await summaryOf(id)).toMatchObject({ state: "done", stopped: true });
  });

  test("of what a job has asked for those count as errors of which nothing is known, and those of others not at all", async () => {
    await scene.know(openssl);
    await scene.rematch();
    const found = await scene.push(repository, imageOf(await system()), "1");
    const unknown = await scene.push(repository, imageOf(await layerOf(file("x", "1"))), "2");
    const foreign = await scene.push(repository, imageOf(await layerOf(...debian("99", "x 1"))), "3");
    const clean = await scene.push(repository, imageOf(await layerOf(...debian("12", "tar 1"))), "4");
    await scene.work();
    const waiting = await scene.push(repository, imageOf(await layerOf(file("y", "1"))), "5");
    await scene.scan.images.request([found, unknown, foreign, clean, waiting], 7);
    const none = { pending: 0, running: 0, success: 0, error: 0, stopped: 0 };
    expect(await scene.scan.images.ofSweep(7)).toEqual({ ...none, pending: 4 });
    await scene.work();
    expect(await scene.scan.images.ofSweep(7)).toEqual({ ...none, success: 2, error: 2 });
    await scene.scan.images.request([found, clean], 8);
    await scene.scan.images.stopSweep(8);
    expect(await scene.scan.images.ofSweep(8)).toEqual({ ...none, stopped: 2 });
  });

  test("what an older version of this program has looked into is looked into again", async () => {
    const id = await scene.push(repository, imageOf(await system()), "1");
    await scene.work();
    expect(await scene.scan.images.requestOutdated()).toBe(0);
    await scene.database.write(async (tx) => {
      await tx.updateTable("image_inventory").set({ reader: 0 }).execute();
      await tx
        .updateTable("layer_inventory")
        .set({ reader: 1, content: null, failure: "It was not known then." })
        .execute();
    });
    expect(await scene.scan.images.requestOutdated()).toBe(1);
    expect(await summaryOf(id)).toMatchObject({ state: "pending", reportedAt: expect.any(Number) });
    await scene.work();
    expect(await coverageOf(id)).toEqual(["Debian:12 no_feed 3"]);
  });

  test("a report of an older version stands while a layer cannot be read for reasons that may pass", async () => {
    const id = await scene.push(repository, imageOf(await system()), "1");
    await scene.work();
    await scene.database.write((tx) => tx.updateTable("image_inventory").set({ reader: 1 }).execute());
    expect(await scene.scan.images.requestOutdated()).toBe(1);
    await scene.database.write((tx) =>
      tx
        .updateTable("layer_inventory")
        .set({ reader: 0, content: null, failure: "It took too long.", read_at: scene.clock.now })
        .execute(),
    );
    await expect(scene.work()).rejects.toThrow("It took too long.");
    expect(await coverageOf(id)).toEqual(["Debian:12 no_feed 3"]);
    expect(await summaryOf(id)).toMatchObject({
      state: "pending",
      failure: expect.stringContaining("It took too long."),
      reportedAt: expect.any(Number),
    });
    scene.clock.now += hour;
    await scene.work();
    expect(await coverageOf(id)).toEqual(["Debian:12 no_feed 3"]);
    expect(await summaryOf(id)).toMatchObject({ state: "done", failure: null });
  });

  test("a layer that was not read for reasons that may pass is read again, after longer and longer pauses", async () => {
    const id = await scene.push(repository, imageOf(await system()), "1");
    await scene.work();
    const fail = () =>
      scene.database.write((tx) =>
        tx
          .updateTable("layer_inventory")
          .set({ reader: 0, content: null, failure: "It took too long.", read_at: scene.clock.now })
          .execute(),
      );
    const retriedAfter = async (...pauses: number[]) => {
      await fail();
      const requested: number[] = [];
      for (const pause of pauses) {
        scene.clock.now += pause;
        requested.push(await scene.scan.images.requestOutdated());
      }
      await scene.work();
      return requested;
    };
    expect(await retriedAfter(9 * minute, 2 * minute)).toEqual([0, 1]);
    expect(await coverageOf(id)).toEqual(["Debian:12 no_feed 3"]);
    scene.clock.now += hour;
    expect(await retriedAfter(hour, hour)).toEqual([0, 1]);
  });

  test("layers beyond what one image may take are put off, and those beyond what can be run are not read", async () => {
    const [first, second] = [await system(), await layerOf(file("other", "1"))];
    const manifest = await scene.push(repository, imageOf(first, second), "1");
    const slow = {
      stat: (key: string) => scene.objects.stat(key),
      body(key: string) {
        scene.clock.now += 2 * hour;
        return scene.objects.body(key);
      },
    };
    const { database } = scene;
    const clock = () => scene.clock.now;
    const layers = new Layers({ database, objects: slow, clock, temporaryFolder: tmpdir() });
    const digests = [first, second].map(({ digest }) => digest as Digest);
    const { signal } = new AbortController();
    const { repository_id: held } = await database.read
      .selectFrom("manifest")
      .select("repository_id")
      .where("id", "=", manifest)
      .executeTakeFirstOrThrow();
    const failures = (found: readonly ImageLayer[]) => found.filter((layer) => "failure" in layer).length;
    expect(failures(await layers.of(held, digests, signal))).toBe(1);
    scene.clock.now += 3 * hour;
    expect(failures(await layers.of(held, digests, signal))).toBe(0);
    const many = Array.from({ length: 501 }, (_, i) => `sha256:${String(i).padStart(64, "0")}` as Digest);
    expect((await layers.of(held, many, signal)).at(-1)).toMatchObject({
      failure: expect.stringContaining("500"),
    });
  });

  test("layers that hold more together than one image may are stated as not read, one that is listed again is no more", async () => {
    const contents = [await system(), await layerOf(file("a"), file("b")), await layerOf(file("c"))];
    const manifest = await scene.push(repository, imageOf(...contents), "1");
    const { repository_id: held } = await scene.database.read
      .selectFrom("manifest")
      .select("repository_id")
      .where("id", "=", manifest)
      .executeTakeFirstOrThrow();
    const [first, second, third] = contents.map(({ digest }) => digest as Digest);
    const limits = { paths: 10, bytes: 10_000 };
    const { database, objects } = scene;
    const failures = async (more: Partial<ImageLimits>, ...digests: (Digest | undefined)[]) => {
      const options = { database, objects, clock: () => scene.clock.now, temporaryFolder: tmpdir() };
      const layers = new Layers({ ...options, limits: { ...limits, ...more } });
      const { signal } = new AbortController();
      const found = await layers.of(held, digests as Digest[], signal);
      return found.map((layer) => ("failure" in layer ? layer.failure.slice(0, 16) : null));
    };
    const refused = "It was not read:";
    // Not read yet, and read before.
    for (const _ of [1, 2]) {
      expect(await failures({ paths: 7 }, first, second, third)).toEqual([null, refused, refused]);
      expect(await failures({ bytes: 400 }, first, second, third)).toEqual([refused, refused, refused]);
      expect(await failures({}, first, second, third)).toEqual([null, null, null]);
    }
    expect(await failures({ paths: 9 }, third, ...Array(400).fill(second))).toEqual(Array(401).fill(null));
  });

  test("a manifest whose layers lie elsewhere is not said to be known", async () => {
    const image = imageOf();
    const foreign = {
      mediaType: "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
      ...{ digest: `sha256:${"1".repeat(64)}`, size: 10, urls: ["https://example.com/layer"] },
    };
    const body = { ...JSON.parse(new TextDecoder().decode(image.manifest.bytes)), layers: [foreign] };
    const id = await scene.push(repository, { ...image, manifest: jsonContent(OCI_MANIFEST, body) }, "1");
    await scene.work();
    expect(await coverageOf(id)).toEqual(["unknown unparsable 0"]);
  });

  test("a layer of another repository that is named as lying elsewhere is not told of", async () => {
    const layer = await system();
    await scene.push("library/private", imageOf(layer));
    const image = imageOf();
    const mediaType = "application/vnd.oci.image.layer.nondistributable.v1.tar";
    const layers = [{ ...descriptor(layer), mediaType }];
    const body = { ...JSON.parse(new TextDecoder().decode(image.manifest.bytes)), layers };
    const id = await scene.push(repository, { ...image, manifest: jsonContent(OCI_MANIFEST, body) });
    await scene.work();
    expect(await coverageOf(id)).toEqual(["unknown unparsable 0"]);
    expect((await scene.scan.images.inventory(id))?.packages).toEqual([]);
  });
});

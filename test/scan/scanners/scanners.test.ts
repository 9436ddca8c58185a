import { expect, test } from "bun:test";
import { builtIn } from "../../../src/scan/index.ts";
import { caller } from "../../projects/fixture.ts";
import { describeOnEngines } from "../../support/engines.ts";
import { eventually } from "../../support/eventually.ts";
import { type Image, jsonContent, makeImage, makeIndex } from "../../support/image.ts";
import { imageOf } from "../images/scene.ts";
import { AdapterServer, problem, types } from "./adapter-server.ts";
import { Scene } from "./scene.ts";

interface Shown {
  readonly scan_status: string;
}

/** The image as it is, but that it says to be about another one. */
function about(subject: string, image: Image): Image {
  const manifest = JSON.parse(new TextDecoder().decode(image.manifest.bytes));
  const { mediaType } = image.manifest;
  return {
    ...image,
    manifest: jsonContent(mediaType, { ...manifest, subject: { mediaType, digest: subject, size: 1 } }),
  };
}

describeOnEngines("scans by somebody else's scanner", (open) => {
  test.concurrent("images that refer to others are scanned as others are, on push and with all of them", async () => {
    await using scene = await Scene.open(open);
    const { admin, queue } = scene.fixture;
    await admin.post("/projects/team/metadatas", { auto_scan: "true" });
    const { digest } = await scene.image("v1");
    const image = about(digest, await makeImage());
    await scene.push.image(scene.repository, image);
    const signature = jsonContent("application/vnd.dev.cosign.simplesigning.v1+json", { critical: {} });
    await scene.push.image(scene.repository, about(digest, imageOf(signature)));
    scene.work();
    const pathOf = (which: string) =>
      `/projects/team/repositories/${scene.repository.slice(5)}/artifacts/${which}`;
    const overviews = async () =>
      Promise.all(
        [digest, image.manifest.digest].map(async (which) => {
          const response = await admin.get(`${pathOf(which)}?with_scan_overview=true`);
          const { scan_overview } = (await response.json()) as { scan_overview?: Record<string, Shown> };
          return scan_overview?.[types.generic]?.scan_status;
        }),
      );
    await eventually(overviews, (all) => all.every((status) => status === "Success"));

    await admin.post("/system/scanAll/schedule", { schedule: { type: "Manual" } });
    const job = await queue.take("holder", ["SCAN_ALL"]);
    if (job === null) throw new Error("There is no job.");
    await scene.scanners.sweep.run({ job, log: () => {}, progress: async () => {} });
    await queue.finish(job.id, "holder", { state: "success", report: {}, error: null, log: "" });
    const metrics = await eventually(
      async () => (await admin.get("/scans/all/metrics")).json() as Promise<{ ongoing: boolean }>,
      ({ ongoing }) => !ongoing,
    );
    expect(metrics).toMatchObject({ total: 2, metrics: { Success: 2, Error: 0 } });
    expect(scene.errors).toEqual([]);
  }, 120_000);

  test.concurrent("what it found is the image's report, and a failed scan after it changes nothing", async () => {
    await using scene = await Scene.open(open);
    const { adapter } = scene;
    adapter.properties = {
      "harbor.scanner-adapter/vulnerability-database-updated-at": "2020-01-02T00:00:00Z",
    };
    adapter.pending = 1;
    const { id, digest } = await scene.image("v1");
    expect(await scene.summary(id)).toMatchObject({ state: "none", reportedAt: null, coverage: null });
    scene.work();
    await scene.scan(digest);
    const first = await scene.ended(id);
    expect(first).toMatchObject({
      scanner: "Model",
      state: "done",
      counts: { High: 1 },
      fixable: 1,
      dataAsOf: Date.UTC(2020, 0, 2),
      coverage: null,
    });
    const report = await scene.scanners.reports.report(scene.projectId, id);
    expect(report.findings).toMatchObject([{ id: "CVE-2024-1", package: "openssl", fixedVersion: "1.1" }]);

    const [body] = adapter.bodies;
    expect(body?.registry.url).toBe("https://registry.example:8443");
    expect(body?.artifact).toMatchObject({ repository: scene.repository, digest });
    expect(adapter.headers.at(-1)?.get("x-scanneradapter-api-key")).toBe("key");
    const robots = await scene.fixture.rooms.database.read.selectFrom("robot").selectAll().execute();
    expect(robots).toEqual([]);

    adapter.behaviour.scan = () => problem(500, "no room");
    await scene.scan(digest);
    const failed = await scene.ended(id);
    expect(failed).toMatchObject({
      state: "failed",
      failure: 'The scanner "Model" answered with 500: no room.',
    });
    expect(failed).toMatchObject({ counts: { High: 1 }, reportedAt: first?.reportedAt ?? 0 });
    expect((await scene.scanners.reports.report(scene.projectId, id)).findings).toEqual(report.findings);

    const lines = Array.from({ length: 100 }, (_, at) => `DEBUG line ${at}.`);
    adapter.behaviour.scan = () => problem(500, [...lines, "FATAL no disk", ""].join("\n"));
    await scene.scan(digest);
    const again = await eventually(
      () => scene.summary(id),
      (one) => one?.failure?.includes("disk") ?? false,
    );
    expect(again?.failure).toEndWith("DEBUG line 99. FATAL no disk.");
    expect(again?.failure).not.toContain("line 50");
    const artifact = await scene.fixture.registry.artifacts.find(scene.repository, digest);
    const { overview } = (await scene.scanners.artifacts.report(artifact)) ?? {};
    const log = await scene.scanners.artifacts.log(artifact, overview?.reportId ?? "");
    expect(log).toContain(" DEBUG line 50.\n");
    expect(scene.errors).toEqual([]);
  }, 120_000);

  test.concurrent("nothing that is no report takes the place of one, and what is forgotten is submitted again", async () => {
    const unsure = { ecosystem: "void", state: "no_feed", asOf: null, packages: 3, message: "Nobody tells." };
    await using scene = await Scene.open(open);
    const images = await Promise.all(["huge", "wrong", "forgotten"].map((tag) => scene.image(tag)));
    const [huge, wrong, forgotten] = images.map(({ digest }) => digest);
    const digests = new Map<string, string>();
    let forgets = 2;
    scene.adapter.behaviour.scan = (request, body) => {
      const id = `${body.artifact.digest.slice(-12)}-${crypto.randomUUID()}`;
      digests.set(id, body.artifact.digest);
      scene.adapter.scan(request, body);
      return Response.json({ id }, { status: 202 });
    };
    scene.adapter.behaviour.report = (_request, id) => {
      if (digests.get(id) === huge) return new Response(new Uint8Array(33 * 2 ** 20).fill(32));
      if (digests.get(id) === wrong) return Response.json({ vulnerabilities: "none" });
      if (digests.get(id) === forgotten && forgets-- > 0) return problem(404, "gone");
      return Response.json({ vulnerabilities: [], coverage: [unsure] });
    };
    for (const { digest } of images) await scene.scan(digest);
    scene.work();
    const [first, second, third] = await Promise.all(images.map(({ id }) => scene.ended(id)));
    expect(first).toMatchObject({
      state: "failed",
      reportedAt: null,
      failure: expect.stringContaining("longer"),
    });
    expect(second).toMatchObject({
      state: "failed",
      reportedAt: null,
      failure: expect.stringContaining("not valid"),
    });
    expect(third).toMatchObject({ state: "done", counts: {}, coverage: [unsure] });
    expect(scene.errors).toEqual([]);
  }, 120_000);

  test.concurrent("an image in which nothing was found is clean", async () => {
    await using scene = await Scene.open(open);
    scene.adapter.vulnerabilities = [];
    const { id, digest } = await scene.image("v1");
    scene.work();
    await scene.scan(digest);
    expect(await scene.ended(id)).toMatchObject({ state: "done", counts: {}, failure: null });
    const artifact = await scene.fixture.registry.artifacts.find(scene.repository, digest);
    const report = await scene.scanners.artifacts.report(artifact);
    expect(report).toMatchObject({ findings: [], overview: { status: "Success", severity: "None" } });
    expect(scene.errors).toEqual([]);
  }, 120_000);

  test.concurrent("what an adapter was at when it was started again is submitted again", async () => {
    await using scene = await Scene.open(open);
    const { adapter } = scene;
    const { id, digest } = await scene.image("v1");
    let asked = 0;
    adapter.behaviour.metadata = (request) => (asked++ === 0 ? problem(503, "") : adapter.metadata(request));
    let looks = 0;
    adapter.behaviour.report = (request, scan) => {
      if (looks++ > 0) return adapter.report(request, scan);
      adapter.startAgain();
      return problem(502, "");
    };
    scene.work();
    await scene.scan(digest);
    expect(await scene.ended(id)).toMatchObject({ state: "done", counts: { High: 1 } });
    expect(adapter.bodies).toHaveLength(2);
    expect(scene.errors).toEqual([]);
  }, 120_000);

  test.concurrent("a scan survives its process, and ends when somebody stops it", async () => {
    await using scene = await Scene.open(open);
    const [killed, stopped] = [await scene.image("a"), await scene.image("b")];
    // As a process leaves it that was killed.
    await scene.scan(killed.digest);
    await scene.fixture.rooms.database.write((tx) =>
      tx
        .updateTable("scanner_run")
        .set({ state: "running", holder: "dead", held_until: scene.fixture.rooms.clock.now - 1, attempts: 1 })
        .execute(),
    );
    scene.adapter.behaviour.report = (request, id) =>
      scene.adapter.bodies.length > 1
        ? new Response(null, { status: 302 })
        : scene.adapter.report(request, id);
    const worker = scene.work();
    expect(await scene.ended(killed.id)).toMatchObject({ state: "done" });

    await scene.scan(stopped.digest);
    await eventually(
      () => scene.summary(stopped.id),
      (summary) => summary?.state === "running",
    );
    await worker.stop();
    expect(await scene.summary(stopped.id)).toMatchObject({ state: "pending" });
    await scene.scanners.scans.stop(caller, stopped, "vulnerability");
    expect(await scene.summary(stopped.id)).toMatchObject({ state: "none", failure: null });
    await scene.scan(stopped.digest);
    expect(await scene.summary(stopped.id)).toMatchObject({ state: "pending" });
  }, 120_000);

  test.concurrent("one that never ends leaves other scanners their turn", async () => {
    await using scene = await Scene.open(open);
    await using other = new AdapterServer();
    scene.adapter.pending = Number.POSITIVE_INFINITY;
    const stuck = await Promise.all(["a", "b", "c", "d", "e", "f"].map((tag) => scene.image(tag)));
    for (const { digest } of stuck) await scene.scan(digest);
    scene.work();
    await eventually(
      async () => scene.adapter.bodies.length,
      (submitted) => submitted === 4,
    );
    await scene.choose("Other", other);
    const { id, digest } = await scene.image("g");
    await scene.scan(digest);
    expect(await scene.ended(id)).toMatchObject({ scanner: "Other", state: "done" });
    expect(scene.adapter.bodies).toHaveLength(4);
    expect(scene.errors).toEqual([]);
  }, 120_000);

  test.concurrent("one that is not there is named to everybody, and where it lies to administrators", async () => {
    await using scene = await Scene.open(open);
    const { admin, anonymous } = scene.fixture;
    await admin.put("/projects/team", { metadata: { public: "true" } });
    const { id, digest } = await scene.image("v1");
    const { host, hostname } = new URL(scene.adapter.url);
    await scene.adapter[Symbol.asyncDispose]();
    scene.work();
    await scene.scan(digest);
    const failed = await scene.ended(id);
    expect(failed?.failure).toMatch(/^The scanner "Model" cannot be reached \(\w+\)\.$/);
    const artifact = `/projects/team/repositories/${scene.repository.slice(5)}/artifacts/v1`;
    const read = async (path: string) => (await anonymous.get(path)).text();
    const overview = await read(`${artifact}?with_scan_overview=true`);
    const log = await read(`${artifact}/scan/${/"report_id":"([^"]+)"/.exec(overview)?.[1]}/log`);
    for (const text of [overview, log]) {
      expect(text).toContain("cannot be reached");
      expect(text).not.toContain(hostname);
    }
    expect(await (await admin.get(`/scanners/${scene.scanner}`)).json()).toMatchObject({
      health: "unhealthy",
      health_message: expect.stringContaining(`It was asked at ${host}.`),
    });
    expect(scene.errors).toEqual([]);
  }, 120_000);

  test.concurrent("an SBOM is stored beside the image, and the next one takes its place", async () => {
    await using scene = await Scene.open(open);
    const artifact = await scene.image("v1");
    scene.work();
    const sbom = async () => {
      await scene.scan(artifact.digest, "sbom");
      const made = await eventually(
        async () => (await scene.scanners.artifacts.sboms([artifact])).get(artifact.id),
        (one) => one?.state === "done",
      );
      return made?.accessory ?? "";
    };
    const accessories = async () =>
      (await scene.fixture.registry.artifacts.accessories(artifact.id, { limit: 10, offset: 0 })).items;
    const first = await sbom();
    expect((await accessories()).map(({ digest }) => digest)).toEqual([first]);
    scene.fixture.rooms.clock.now += 1000;
    const second = await sbom();
    expect(second).not.toBe(first);
    expect((await accessories()).map(({ digest }) => digest)).toEqual([second]);
    expect(scene.adapter.bodies[0]?.enabled_capabilities?.[0]?.type).toBe("sbom");
    expect(scene.errors).toEqual([]);
  }, 120_000);

  test.concurrent("an SBOM of a scanner that makes none is not made, and the artifact says why", async () => {
    await using scene = await Scene.open(open);
    const { adapter } = scene;
    // As adapters are that were written before there were kinds.
    adapter.behaviour.metadata = async (request) => {
      const { capabilities, ...rest } = (await adapter.metadata(request).json()) as {
        capabilities: readonly object[];
      };
      return Response.json({ ...rest, capabilities: [{ ...capabilities[0], type: undefined }] });
    };
    const { digest } = await scene.image("v1");
    scene.work();
    await scene.scan(digest, "sbom");
    const path = `/projects/team/repositories/${scene.repository.slice(5)}/artifacts/${digest}`;
    const { sbom_overview } = await eventually(
      async () =>
        (await (await scene.fixture.admin.get(`${path}?with_sbom_overview=true`)).json()) as {
          sbom_overview?: Shown;
        },
      (one) => one.sbom_overview?.scan_status === "Error",
    );
    expect(sbom_overview).toMatchObject({
      message: expect.stringContaining('The scanner "Model" makes no sbom report of'),
    });
    expect(adapter.bodies).toEqual([]);
    expect(scene.errors).toEqual([]);
  }, 120_000);

  test.concurrent("what is pushed is scanned where the project says so: images, and not what is about them", async () => {
    await using scene = await Scene.open(open);
    const runs = async () =>
      scene.fixture.rooms.database.read
        .selectFrom("scanner_run")
        .innerJoin("manifest", "manifest.id", "scanner_run.manifest_id")
        .select(["manifest.digest", "scanner_run.kind", "scanner_run.scanner"])
        .orderBy("kind")
        .execute();
    await scene.image("quiet");
    expect(await runs()).toEqual([]);
    await scene.fixture.admin.post("/projects/team/metadatas", { auto_scan: "true" });
    const images = { amd64: await makeImage(), arm64: await makeImage({ architecture: "arm64" }) };
    for (const image of Object.values(images)) await scene.push.image(scene.repository, image);
    const index = await scene.push.manifest(scene.repository, makeIndex(images), "multi");
    await scene.push.referrer(scene.repository, images.amd64.manifest.digest, "application/vnd.example");
    const digests = (await runs()).map(({ digest }) => digest).sort();
    expect(digests).toEqual([images.amd64.manifest.digest, images.arm64.manifest.digest].sort());

    // Of an index its images are scanned, and what they have is what it has.
    scene.work();
    const artifact = await scene.fixture.registry.artifacts.find(scene.repository, index);
    const report = await eventually(
      () => scene.scanners.artifacts.report(artifact),
      (one) => one?.overview.status === "Success",
    );
    expect(report?.overview).toMatchObject({ counts: { High: 1 }, completePercent: 100, severity: "High" });
    expect(report?.findings[0]?.images.toSorted()).toEqual(digests as never);

    await scene.scanners.registrations.delete(caller, scene.scanner);
    expect((await scene.scanners.registrations.ofProject(scene.projectId)).uuid).toBe(builtIn.uuid);
    expect(await runs()).toEqual([]);
  }, 120_000);

  test.concurrent("of an index the worst counts that any of its images has, with the fix that one of them knows", async () => {
    await using scene = await Scene.open(open);
    const images = { amd64: await makeImage(), arm64: await makeImage({ architecture: "arm64" }) };
    for (const image of Object.values(images)) await scene.push.image(scene.repository, image);
    const index = await scene.push.manifest(scene.repository, makeIndex(images), "multi");
    const first = images.amd64.manifest.digest;
    scene.adapter.behaviour.scan = (request, body) => {
      scene.adapter.scan(request, body);
      const id = body.artifact.digest === first ? "first" : "second";
      return Response.json({ id }, { status: 202 });
    };
    scene.adapter.behaviour.report = (_request, id) => {
      const rated = id === "first" ? ["Critical", "Low"] : ["Low", "Critical"];
      const vulnerabilities = rated.map((severity, at) => ({
        ...{ id: `CVE-${at}`, package: "openssl", version: "1.0", severity },
        fix_version: severity === "Low" ? "1.1" : "",
      }));
      return Response.json({ vulnerabilities });
    };
    for (const { manifest } of Object.values(images)) await scene.scan(manifest.digest);
    scene.work();
    const artifact = await scene.fixture.registry.artifacts.find(scene.repository, index);
    const report = await eventually(
      () => scene.scanners.artifacts.report(artifact),
      (one) => one?.overview.status === "Success",
    );
    expect(report?.overview).toMatchObject({ counts: { Critical: 2 }, fixable: 2, severity: "Critical" });
    expect(report?.findings.map(({ finding }) => finding.fixedVersion)).toEqual(["1.1", "1.1"]);
    expect(scene.errors).toEqual([]);
  }, 120_000);
});

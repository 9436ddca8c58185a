import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { type Digest, day, minute, parseRepositoryName, second } from "../../src/kernel/index.ts";
import type { Verdict } from "../../src/verdict/index.ts";
import { Pusher } from "../api/content.ts";
import { type ApiFixture, openApi } from "../api/fixture.ts";
import { describeOnEngines, openOnSqlite } from "../support/engines.ts";
import { descriptor, jsonContent, makeImage, OCI_INDEX, OCI_MANIFEST } from "../support/image.ts";
import { finding, reportOf } from "./fake-reports.ts";

describeOnEngines("verdicts on what scanners found", (open) => {
  let fixture: ApiFixture;
  let push: Pusher;
  let name: string;
  let image: Digest;

  beforeAll(async () => {
    fixture = await openApi(open);
    push = new Pusher(fixture.registry);
    await fixture.admin.post("/projects", { project_name: "strict" });
  });
  beforeEach(async () => {
    fixture.rooms.clock.now = Date.now();
    name = `strict/${crypto.randomUUID().slice(0, 8)}`;
    image = (await push.newImage(name, ["v1"])) as Digest;
    await policy({
      prevent_vul: "true",
      severity: "high",
      scan_missing: "deny",
      scan_max_age_days: "0",
      scan_unknown_severity: "deny",
      reuse_sys_cve_allowlist: "true",
    });
    await fixture.admin.put("/system/CVEAllowlist", { items: [] });
  });
  afterAll(() => fixture[Symbol.asyncDispose]());

  const policy = async (metadata: Record<string, string>) => {
    expect((await fixture.admin.put("/projects/strict", { metadata })).status).toBe(200);
  };
  const resolve = (digest: Digest) =>
    fixture.registry.resolver.resolve(parseRepositoryName(name), { kind: "digest", digest });
  const report = async (...given: Parameters<typeof reportOf>) => {
    fixture.reports.set((await resolve(image)).manifestId, reportOf(...given));
    await touch();
  };
  /** As every report, this one comes with a write to the database. */
  const touch = () => policy({ scan_wait_seconds: "2" });

  /** What a pull by digest is told; the portal must be told of the same. */
  async function verdict(digest = image): Promise<Verdict> {
    const manifest = await resolve(digest);
    const judged = await fixture.verdicts.ofPull(parseRepositoryName(name), null, manifest);
    const { manifestId: id, repositoryId, projectId } = manifest;
    const shown = await fixture.verdicts.ofArtifact(
      { id: repositoryId, projectId, name },
      { id, digest, tags: [] },
    );
    expect(shown.verdict).toEqual(judged);
    return judged;
  }
  const kinds = async (digest = image) => (await verdict(digest)).obstacles.map(({ kind }) => kind);

  test("nothing is asked where the project blocks nothing", async () => {
    await policy({ prevent_vul: "false" });
    const before = fixture.reports.asked;
    expect(await kinds()).toEqual([]);
    expect(fixture.reports.asked).toBe(before);
  });

  test("findings are read where one may forbid the pull, and once for each change of the database", async () => {
    await report([finding({ severity: "Medium" })]);
    const before = fixture.reports.reads;
    expect(await kinds()).toEqual([]);
    expect(fixture.reports.reads).toBe(before);
    await report([finding()]);
    expect(await kinds()).toEqual(["vulnerable"]);
    expect(await kinds()).toEqual(["vulnerable"]);
    expect(fixture.reports.reads).toBe(before + 1);
    await touch();
    expect(await kinds()).toEqual(["vulnerable"]);
    expect(fixture.reports.reads).toBe(before + 2);
  });

  // The rest of the judgement makes no SQL of its own.
  if (open === openOnSqlite) {
    test.each([
      ["none", "None", ["vulnerable"]],
      ["low", "Negligible", []],
      ["low", "Low", ["vulnerable"]],
      ["medium", "Low", []],
      ["high", "Medium", []],
      ["high", "High", ["vulnerable"]],
      ["critical", "High", []],
      ["critical", "Critical", ["vulnerable"]],
      ["critical", "Unknown", ["vulnerable"]],
    ] as const)("from %s on: %s", async (severity, found, expected) => {
      await policy({ severity });
      await report([finding({ severity: found })]);
      expect(await kinds()).toEqual([...expected]);
    });

    test("what nobody has rated passes where the project says so", async () => {
      await policy({ scan_unknown_severity: "allow" });
      await report([finding({ severity: "Unknown" })]);
      expect(await kinds()).toEqual([]);
    });

    test("a vendor that will not fix it, or does not know, makes nothing good", async () => {
      for (const status of ["will_not_fix", "fix_deferred", "under_investigation", "unknown"] as const) {
        await report([finding({ status, fixedVersion: null })]);
        expect([status, await kinds()]).toEqual([status, ["vulnerable"]]);
      }
    });

    test("the refusal names the worst, how many there are, how old the data is, and what to do", async () => {
      const many = Array.from({ length: 7 }, (_, at) => finding({ id: `CVE-2026-200${at}` }));
      const asOf = Date.parse("2026-11-01T00:00:00Z");
      await report(
        [
          ...many,
          finding({ id: "CVE-2026-1", severity: "Critical", fixedVersion: null, status: "will_not_fix" }),
        ],
        { dataAsOf: asOf },
      );
      const [obstacle] = (await verdict()).obstacles;
      if (obstacle?.kind !== "vulnerable") throw new Error("no obstacle");
      expect(obstacle).toMatchObject({ total: 8, dataAsOf: asOf });
      expect(obstacle.findings.map(({ id }) => id)).toEqual([
        ...["CVE-2026-1", "CVE-2026-2000", "CVE-2026-2001", "CVE-2026-2002", "CVE-2026-2003"],
      ]);
      expect(obstacle.message).toContain(`${name}@${image} has 8 vulnerabilities`);
      expect(obstacle.message).toContain("from High on, as of 2026-11-01T00:00:00.000Z");
      expect(obstacle.message).toContain(
        "CVE-2026-1 (Critical) in openssl 3.0.1, which its vendor will not fix",
      );
      expect(obstacle.message).toContain("CVE-2026-2000 (High) in openssl 3.0.1, fixed in 3.0.2; ");
      expect(obstacle.message).toContain("and 3 more");
      await report([finding({ exploitedSince: 1 })]);
      const { obstacles } = await verdict();
      expect(obstacles[0]?.message).toContain("CVE-2026-1000 (High, known to be exploited)");
      const body = await (
        await fixture.admin.get(`/projects/strict/repositories/${name.slice(7)}/artifacts/v1`)
      ).json();
      expect(body).toMatchObject({
        verdict: {
          allowed: false,
          obstacles: [
            { kind: "vulnerable", total: 1, findings: [{ package: "openssl", fix_version: "3.0.2" }] },
          ],
        },
      });
    });

    test("findings that were counted and are gone are no clean bill", async () => {
      await report([], { counts: { Critical: 1 } });
      expect(await kinds()).toEqual(["not-scanned"]);
      await report([finding()]);
      fixture.reports.loseFindings();
      expect(await kinds()).toEqual(["not-scanned"]);
    });

    describe("without a report", () => {
      const none = { reportedAt: null, dataAsOf: null, coverage: null };

      test("is denied, with the reason, unless the project lets it pass", async () => {
        for (const [state, reason] of [
          ["none", "has not been scanned"],
          ["pending", "is still being scanned"],
          ["running", "is still being scanned"],
          ["failed", "its scan failed: The layer is no archive."],
        ] as const) {
          await policy({ scan_missing: "deny" });
          await report([], { ...none, state, failure: "The layer is no archive." });
          const { obstacles, wait } = await verdict();
          expect(obstacles.map(({ kind }) => kind)).toEqual(["not-scanned"]);
          expect(obstacles[0]?.message).toContain(reason);
          expect(obstacles[0]?.message).toContain('sets its scan_missing to "allow"');
          expect(wait).toBe(0);
          await policy({ scan_missing: "allow" });
          expect(await kinds()).toEqual([]);
        }
      });

      test("that nobody asked for is the same", async () => {
        expect(await kinds()).toEqual(["not-scanned"]);
      });

      test("is waited for, as long as one is under way", async () => {
        await policy({ scan_missing: "wait", scan_wait_seconds: "7" });
        for (const [state, wait] of [
          ["pending", 7],
          ["running", 7],
          ["none", 0],
          ["failed", 0],
        ] as const) {
          fixture.reports.set((await resolve(image)).manifestId, reportOf([], { ...none, state }));
          await policy({ scan_wait_seconds: "7" });
          expect([state, (await verdict()).wait]).toEqual([state, wait]);
        }
      });
    });

    describe("a report", () => {
      test("stands while a newer scan is under way or has failed, for good and for bad", async () => {
        await policy({ scan_missing: "wait" });
        for (const state of ["pending", "running", "failed", "done"] as const) {
          await report([], { state, failure: "x" });
          expect([state, await kinds()]).toEqual([state, []]);
          await report([finding()], { state, failure: "x" });
          expect([state, await kinds(), (await verdict()).wait]).toEqual([state, ["vulnerable"], 0]);
        }
      });

      test("is none for parts that are not covered", async () => {
        const part = { ecosystem: "Debian:8", asOf: null, packages: 3, message: "Debian 8 is at its end." };
        for (const state of ["no_feed", "end_of_life", "unparsable"] as const) {
          await report([], { coverage: [{ ...part, state }] });
          const { obstacles } = await verdict();
          expect([state, obstacles.map(({ kind }) => kind)]).toEqual([state, ["not-scanned"]]);
          expect(obstacles[0]?.message).toContain("Debian:8: Debian 8 is at its end.");
        }
        await report([], { coverage: [{ ...part, state: "stale" }] });
        expect(await kinds()).toEqual(["outdated-data"]);
        await report([finding()], { coverage: [{ ...part, state: "no_feed" }] });
        expect(await kinds()).toEqual(["vulnerable", "not-scanned"]);
        await policy({ scan_missing: "allow" });
        expect(await kinds()).toEqual(["vulnerable"]);
      });

      test("in which nothing was recognised is none; a scanner that does not say what it covers is believed", async () => {
        await report([], { coverage: [] });
        expect(await kinds()).toEqual(["not-scanned"]);
        await report([], { coverage: null });
        expect(await kinds()).toEqual([]);
      });

      test("counts as missing once its data is too old, by the clock alone", async () => {
        await policy({ scan_max_age_days: "2" });
        await report([]);
        expect(await kinds()).toEqual([]);
        fixture.rooms.clock.now += 2 * day + minute;
        const { obstacles } = await verdict();
        expect(obstacles.map(({ kind }) => kind)).toEqual(["outdated-data"]);
        // A scanner that does not say how old its data was.
        fixture.rooms.clock.now = Date.now();
        await report([], { dataAsOf: null, reportedAt: Date.now() - 3 * day });
        expect(await kinds()).toEqual(["outdated-data"]);
        await policy({ scan_missing: "allow" });
        expect(await kinds()).toEqual([]);
      });
    });
  }

  describe("is not got round", () => {
    test("by an index: it may be read, and what it names is judged", async () => {
      await report([finding()]);
      const manifest = await resolve(image);
      const child = { mediaType: OCI_MANIFEST, digest: image, size: manifest.content.length };
      const index = jsonContent(OCI_INDEX, { schemaVersion: 2, mediaType: OCI_INDEX, manifests: [child] });
      const digest = (await push.manifest(name, index, "multi")) as Digest;
      expect(await kinds(digest)).toEqual([]);
      expect(await kinds()).toEqual(["vulnerable"]);
      // Nor may it be copied to where the policy is another.
      await fixture.admin.post("/projects", { project_name: "lax" });
      for (const from of [`${name}@${digest}`, `${name}:multi`, `${name}@${image}`]) {
        const path = `/projects/lax/repositories/app/artifacts?from=${encodeURIComponent(from)}`;
        expect([from, (await fixture.admin.post(path, {})).status]).toEqual([from, 412]);
      }
      await report([]);
      const path = `/projects/lax/repositories/app/artifacts?from=${encodeURIComponent(`${name}:multi`)}`;
      expect((await fixture.admin.post(path, {})).status).toBe(201);
    });

    test("by an image that refers to another, dressed up as a signature", async () => {
      await report([]);
      const other = await makeImage({
        layers: 1,
        extra: { subject: descriptor((await makeImage()).manifest) },
      });
      const json = JSON.parse(Buffer.from(other.manifest.bytes).toString());
      json.layers[0].mediaType = "application/vnd.dev.cosign.simplesigning.v1+json";
      const digest = await push.image(name, { ...other, manifest: jsonContent(OCI_MANIFEST, json) }, "v2");
      expect(await kinds(digest as Digest)).toEqual(["not-scanned"]);
    });

    test("but what cannot be run is not asked for a report", async () => {
      const layer = jsonContent("application/spdx+json", { of: image });
      const config = jsonContent("application/vnd.oci.empty.v1+json", {});
      const manifest = jsonContent(OCI_MANIFEST, {
        ...{ schemaVersion: 2, mediaType: OCI_MANIFEST, artifactType: "application/spdx+json" },
        config: descriptor(config),
        layers: [descriptor(layer)],
        subject: { mediaType: OCI_MANIFEST, digest: image, size: 1 },
      });
      const digest = await push.image(name, { layers: [layer], config, manifest });
      expect(await kinds(digest as Digest)).toEqual([]);
    });
  });

  if (open === openOnSqlite) {
    describe("the wait", () => {
      const underWay = { reportedAt: null, dataAsOf: null, coverage: null, state: "running" } as const;
      const wait = async (signal = new AbortController().signal) =>
        fixture.verdicts.afterScan(parseRepositoryName(name), null, await resolve(image), signal);

      beforeEach(async () => {
        await policy({ scan_missing: "wait" });
        await report([], underWay);
      });

      test("ends with the scan", async () => {
        const waiting = wait();
        await report([]);
        expect((await waiting).allowed).toBe(true);
        await report([], underWay);
        const another = wait();
        await report([finding()]);
        expect((await another).obstacles.map(({ kind }) => kind)).toEqual(["vulnerable"]);
      });

      test("ends when its time is over, and when whoever waits has gone", async () => {
        await policy({ scan_wait_seconds: "1" });
        const started = performance.now();
        expect((await wait()).obstacles.map(({ kind }) => kind)).toEqual(["not-scanned"]);
        expect(performance.now() - started).toBeGreaterThanOrEqual(second - 50);
        await policy({ scan_wait_seconds: "60" });
        const controller = new AbortController();
        const waiting = wait(controller.signal);
        controller.abort();
        expect((await waiting).allowed).toBe(false);
      });
    });
  }
});

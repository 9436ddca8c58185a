import { afterAll, beforeAll, expect, test } from "bun:test";
import { builtIn, type ImageFinding, type Severity } from "../../../src/scan/index.ts";
import { Runs } from "../../../src/scan/scanners/runs.ts";
import { describeOnEngines } from "../../support/engines.ts";
import { debian, imageOf, layerOf, openScene, type Scene } from "../images/scene.ts";
import { advisory } from "../match/advisories.ts";

const scanners = ["usual", "chosen"] as const;

describeOnEngines("the security hub, where projects have several scanners", (open) => {
  let scene: Scene;

  /** Three images that the built-in scanner has scanned, and each of the others as well. */
  beforeAll(async () => {
    scene = await openScene(open);
    await scene.know(advisory({ id: "CVE-1", severity: "Medium" }, "Debian:12", "bash", null));
    await scene.rematch();
    const bash = await layerOf(...debian("12", "bash 5.0-1"));
    const images: number[] = [];
    for (const project of ["own", "mine", "any"]) {
      const times = { created_at: 1, updated_at: 1 };
      await scene.database.write((tx) =>
        tx
          .insertInto("project")
          .values({ name: project, owner_id: 1, public: 0, storage_limit: -1, storage_used: 0, ...times })
          .execute(),
      );
      images.push(await scene.push(`${project}/app`, imageOf(bash), "1"));
    }
    await scene.work();
    for (const scanner of scanners) await register(scanner);
    const runs = new Runs(scene.database, () => scene.clock.now);
    for (const scanner of scanners) {
      await scene.database.write((tx) => runs.request(tx, images, scanner, "vulnerability", null));
      for (let run = await runs.take("me", []); run !== null; run = await runs.take("me", [])) {
        const severity = scanner === "usual" ? "High" : "Low";
        await runs.finish(run, "me", reportOf(`CVE-${scanner}`, severity), "");
      }
    }
  });
  afterAll(() => scene[Symbol.asyncDispose]());

  const register = (scanner: string) =>
    scene.database.write((tx) =>
      tx
        .insertInto("scanner_registration")
        .values({
          ...{ uuid: scanner, name: scanner, description: "", url: scanner, auth: "", credential: null },
          ...{ skip_cert_verify: 0, use_internal_addr: 0, disabled: 0, is_default: 0 },
          ...{ created_at: 1, updated_at: 1 },
        })
        .execute(),
    );
  const reportOf = (id: string, severity: Severity) => ({
    report: {
      ...{ media_type: "", content: new Uint8Array(), adapter: "{}", data_as_of: null, started_at: 1 },
      ...{ reported_at: 1, coverage: null, accessory: null },
    },
    findings: [
      {
        ...{ id, severity, package: "bash", version: "5", fixedVersion: null },
        ...{ description: "", cvss: [], links: [] },
      } as unknown as ImageFinding,
    ],
  });
  const choose = (project: string, scanner: string) =>
    scene.database.write(async (tx) => {
      const { id } = await tx
        .selectFrom("project")
        .select("id")
        .where("name", "=", project)
        .executeTakeFirstOrThrow();
      await tx.insertInto("project_scanner").values({ project_id: id, scanner }).execute();
    });
  const search = async (limit = 10, offset = 0) => {
    const page = { criteria: new Map(), sort: [], limit, offset };
    const { items, total } = await scene.scan.hub.search(page, { tags: false, countUpTo: null });
    return { total, items: items.map(({ id, repository }) => `${id} ${repository}`) };
  };

  test("shows of each image what its project's scanner says: the one it has chosen, else the default", async () => {
    expect((await search()).items).toEqual(["CVE-1 own/app", "CVE-1 mine/app", "CVE-1 any/app"]);
    await choose("mine", "chosen");
    expect((await search()).items).toEqual(["CVE-1 own/app", "CVE-1 any/app", "CVE-chosen mine/app"]);

    await scene.database.write((tx) =>
      tx.updateTable("scanner_registration").set({ is_default: 1 }).where("uuid", "=", "usual").execute(),
    );
    expect((await search()).items).toEqual(["CVE-usual own/app", "CVE-usual any/app", "CVE-chosen mine/app"]);
    await choose("own", builtIn.uuid);
    const all = ["CVE-usual any/app", "CVE-1 own/app", "CVE-chosen mine/app"];
    expect(await search()).toEqual({ total: 3, items: all });
    expect(await search(1, 1)).toEqual({ total: 3, items: all.slice(1, 2) });
    expect(await search(2, 2)).toEqual({ total: 3, items: all.slice(2) });

    const { hub } = scene.scan;
    const { counts, scanned } = await hub.summary();
    expect(counts).toMatchObject({ High: 1, Medium: 1, Low: 1 });
    expect(scanned).toBe(3);
    expect((await hub.worstVulnerabilities()).map(({ id }) => id)).toEqual([
      "CVE-usual",
      "CVE-1",
      "CVE-chosen",
    ]);
    expect((await hub.worstImages()).map(({ repository }) => repository)).toEqual([
      "any/app",
      "own/app",
      "mine/app",
    ]);

    // A choice of what is gone is none.
    await scene.database.write((tx) =>
      tx.deleteFrom("scanner_registration").where("uuid", "=", "chosen").execute(),
    );
    expect((await search()).items).toContain("CVE-usual mine/app");
  });
});

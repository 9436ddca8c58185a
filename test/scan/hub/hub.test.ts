import { afterAll, beforeAll, expect, test } from "bun:test";
import type { Criterion } from "../../../src/db/index.ts";
import { describeOnEngines } from "../../support/engines.ts";
import { debian, imageOf, layerOf, openScene, type Scene } from "../images/scene.ts";
import { advisory } from "../match/advisories.ts";

const vector = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H";

describeOnEngines("the security hub", (open) => {
  let scene: Scene;

  beforeAll(async () => {
    scene = await openScene(open);
    const about = (
      id: string,
      name: string,
      ...[severity, scored]: ["Critical" | "High" | "Low", boolean?]
    ) =>
      advisory(
        {
          ...{ id, severity, description: `About ${id}`, links: ["https://example.com/"] },
          cvss: scored ? [{ version: "3.1", vector, source: "nvd" }] : [],
        },
        "Debian:12",
        name,
        severity === "Low" ? null : "9-1",
      );
    await scene.know(
      about("CVE-2024-0001", "openssl", "Critical"),
      about("CVE-2024-0002", "openssl", "Critical", true),
      about("CVE-2024-0003", "bash", "High"),
      about("CVE-2024-0004", "bash", "Low"),
    );
    await scene.rematch();
    const bash = await layerOf(...debian("12", "bash 5.0-1"));
    const both = await layerOf(...debian("12", "bash 5.0-1", "openssl 3.0.1-1"));
    await scene.push("library/one", imageOf(bash), "1", "latest");
    await scene.push("library/two", imageOf(both), "1");
    await scene.push("library/two", imageOf(both), "2");
    await scene.work();
    await scene.push("library/unscanned", imageOf(bash), "1");
  });
  afterAll(() => scene[Symbol.asyncDispose]());

  const search = async (
    fields: Record<string, string | Criterion> = {},
    limit = 50,
    countUpTo: number | null = null,
  ) => {
    const criteria = new Map(
      Object.entries(fields).map(([field, value]): [string, Criterion] => [
        field,
        typeof value === "string" ? { kind: "is", value } : value,
      ]),
    );
    const page = { criteria, sort: [], limit, offset: 0 };
    const { items, total } = await scene.scan.hub.search(page, { tags: true, countUpTo });
    return {
      total,
      items: items.map(
        ({ id, package: name, repository, tags }) => `${id} ${name} ${repository}:${tags.join(",")}`,
      ),
    };
  };

  test("tells which images a vulnerability affects", async () => {
    expect(await search({ cve_id: "CVE-2024-0001" })).toEqual({
      total: 2,
      items: ["CVE-2024-0001 openssl library/two:1", "CVE-2024-0001 openssl library/two:2"],
    });
    expect(await search({ cve_id: "CVE-1999-0001" })).toEqual({ total: 0, items: [] });
  });

  test("tells of everything, the worst first, page by page", async () => {
    const { total, items } = await search({}, 3);
    expect(total).toBe(10);
    expect(items.map((item) => item.slice(0, 21))).toEqual([
      "CVE-2024-0002 openssl",
      "CVE-2024-0002 openssl",
      "CVE-2024-0001 openssl",
    ]);
    expect((await search({}, 3, 5)).total).toBeNull();
    expect((await search({ package: "bash" }, 3, 5)).total).toBeNull();
  });

  test("is narrowed by severity, score, package, project, repository, digest and tag", async () => {
    expect((await search({ severity: "Critical" })).total).toBe(4);
    const best: Criterion = { kind: "between", min: "9.0", max: "10.0" };
    expect((await search({ cvss_score_v3: best })).items).toEqual([
      "CVE-2024-0002 openssl library/two:1",
      "CVE-2024-0002 openssl library/two:2",
    ]);
    expect((await search({ package: "bash", severity: "low" })).total).toBe(3);
    expect((await search({ repository_name: "library/one" })).items).toEqual([
      "CVE-2024-0003 bash library/one:1,latest",
      "CVE-2024-0004 bash library/one:1,latest",
    ]);
    expect((await search({ tag: "2" })).total).toBe(4);
    const { items } = await scene.scan.hub.search(
      { criteria: new Map(), sort: [], limit: 1, offset: 9 },
      { tags: false, countUpTo: null },
    );
    expect((await search({ digest: items[0]?.digest ?? "", package: "bash" })).total).toBe(2);
    const { id } = await scene.database.read.selectFrom("project").select("id").executeTakeFirstOrThrow();
    expect((await search({ project_id: String(id), cve_id: "CVE-2024-0003" })).total).toBe(3);
    expect((await search({ project_id: "999999" })).total).toBe(0);
  });

  test("says what the database has to say of it", async () => {
    const page = { criteria: new Map(), sort: [], limit: 1, offset: 0 };
    const { items } = await scene.scan.hub.search(page, { tags: false, countUpTo: null });
    expect(items).toMatchObject([
      {
        ...{
          id: "CVE-2024-0002",
          severity: "Critical",
          score: 9.8,
          version: "3.0.1-1",
          fixedVersion: "9-1",
          tags: [],
        },
        ...{ description: "About CVE-2024-0002", links: ["https://example.com/"] },
      },
    ]);
  });

  test("refuses fields that there are none of, and values that do not fit", async () => {
    const wrong: [Record<string, string | Criterion>, string][] = [
      [{ colour: "red" }, "not searched for by colour"],
      [{ severity: "terrible" }, "severity must be one of"],
      [{ cvss_score_v3: "7" }, "cvss_score_v3 must be a range"],
      [{ cvss_score_v3: { kind: "between", min: "x", max: null } }, "cvss_score_v3 must be a range"],
      [{ cvss_score_v3: { kind: "between", min: "9e19", max: null } }, "cvss_score_v3 must be a range"],
      [{ cvss_score_v3: { kind: "between", min: null, max: "-9e19" } }, "cvss_score_v3 must be a range"],
      [{ project_id: "library" }, "project_id must be a number"],
      [{ cve_id: { kind: "contains", text: "CVE" } }, "cve_id must be one value"],
    ];
    for (const [fields, message] of wrong) await expect(search(fields)).rejects.toThrow(message);
  });

  test("adds all images up, and names the worst", async () => {
    const { hub } = scene.scan;
    expect(await hub.summary()).toEqual({
      counts: { Critical: 4, High: 3, Medium: 0, Low: 3, Negligible: 0, Unknown: 0, None: 0 },
      ...{ fixable: 7, scanned: 3, artifacts: 4 },
    });
    expect((await hub.worstVulnerabilities()).map(({ id, score }) => `${id} ${score}`)).toEqual([
      "CVE-2024-0002 9.8",
      "CVE-2024-0001 null",
      "CVE-2024-0003 null",
      "CVE-2024-0004 null",
    ]);
    expect(
      (await hub.worstImages()).map(({ repository, critical, high }) => [repository, critical, high]),
    ).toEqual([
      ["library/two", 2, 1],
      ["library/two", 2, 1],
      ["library/one", 0, 1],
    ]);
  });
});

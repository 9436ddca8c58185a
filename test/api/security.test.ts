import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { openOnSqlite } from "../support/engines.ts";
import { Pusher } from "./content.ts";
import { type ApiFixture, openApi, refusalOf } from "./fixture.ts";

describe("the security hub", () => {
  let fixture: ApiFixture;

  beforeAll(async () => {
    fixture = await openApi(openOnSqlite);
    await fixture.admin.post("/projects", { project_name: "team" });
    await new Pusher(fixture.registry).newImage("team/app", ["1.0"]);
    await fixture.rooms.database.write(async (tx) => {
      const { id: manifest_id } = await tx.selectFrom("manifest").select("id").executeTakeFirstOrThrow();
      const counts = { critical: 1, negligible: 1, fixable: 1, counted_at: 1 };
      await tx
        .insertInto("image_scan")
        .values({ manifest_id, state: "done", requested_at: 1, attempts: 0, ...counts })
        .execute();
      const { id: package_id } = await tx
        .insertInto("package_identity")
        .values({
          ecosystem: "npm",
          name: "left-pad",
          version: "1.0.0",
          module: "",
          origin: "",
          changed_at: 1,
        })
        .returning("id")
        .executeTakeFirstOrThrow();
      await tx.insertInto("image_package").values({ manifest_id, package_id }).execute();
      const finding = { package_id, status: "affected", exploited: 0, found_at: 1 };
      await tx
        .insertInto("package_finding")
        .values([
          { ...finding, vulnerability: "CVE-2024-0001", severity: 6, score: 98, fixed_version: "2.0.0" },
          { ...finding, vulnerability: "CVE-2024-0002", severity: 2 },
        ])
        .execute();
    });
  });
  afterAll(() => fixture[Symbol.asyncDispose]());

  test("answers the summary in Harbor's fields, the worst where they are asked for", async () => {
    const counts = {
      ...{
        critical_cnt: 1,
        high_cnt: 0,
        medium_cnt: 0,
        low_cnt: 0,
        none_cnt: 1,
        unknown_cnt: 0,
        total_vuls: 2,
      },
      ...{ scanned_cnt: 1, total_artifact: 1, fixable_cnt: 1 },
    };
    const plain = await fixture.admin.get("/security/summary");
    expect(await plain.json()).toEqual(counts);
    const full = await fixture.admin.get(
      "/security/summary?with_dangerous_cve=true&with_dangerous_artifact=true",
    );
    expect(await full.json()).toMatchObject({
      ...counts,
      dangerous_cves: [
        {
          cve_id: "CVE-2024-0001",
          severity: "Critical",
          cvss_score_v3: 9.8,
          package: "left-pad",
          version: "1.0.0",
        },
        { cve_id: "CVE-2024-0002", cvss_score_v3: 0 },
      ],
      dangerous_artifacts: [{ repository_name: "team/app", critical_cnt: 1, high_cnt: 0, medium_cnt: 0 }],
    });
  });

  test("lists what was found, with Harbor's paging, filters and counts", async () => {
    const first = await fixture.admin.get("/security/vul?page_size=1&with_tag=true&tune_count=true");
    expect(first.headers.get("x-total-count")).toBe("2");
    expect(first.headers.get("link")).toContain('rel="next"');
    expect(await first.json()).toMatchObject([
      {
        ...{ repository_name: "team/app", tags: ["1.0"], cve_id: "CVE-2024-0001", severity: "Critical" },
        ...{ cvss_v3_score: 9.8, package: "left-pad", version: "1.0.0", fixed_version: "2.0.0" },
      },
    ]);
    const q = encodeURIComponent("severity=Critical,cvss_score_v3=[9.0~10.0]");
    expect(await (await fixture.admin.get(`/security/vul?q=${q}`)).json()).toHaveLength(1);
    expect(await refusalOf(await fixture.admin.get("/security/vul?q=colour%3Dred"))).toBe("400 BAD_REQUEST");
  });

  test("is for administrators, and for robots that were given it", async () => {
    const user = await fixture.user("someone");
    const robot = await fixture.robot("hub", "/ security-hub:read", "/ security-hub:list");
    for (const path of ["/security/summary", "/security/vul"]) {
      expect(await refusalOf(await fixture.anonymous.get(path))).toBe("401 UNAUTHORIZED");
      expect(await refusalOf(await user.get(path))).toBe("403 FORBIDDEN");
      expect((await robot.get(path)).status).toBe(200);
    }
  });
});

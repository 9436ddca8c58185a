import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { caller } from "../../projects/fixture.ts";
import { describeOnEngines } from "../../support/engines.ts";
import { Scene } from "./scene.ts";

const vulnerability = (id: string, name: string, severity: string, score: number | null, more = {}) => ({
  ...{ id, package: name, version: "1.0", fix_version: "1.1", severity },
  ...{ description: `About ${id}\0`, links: [`https://example.com/${id}`] },
  preferred_cvss: score === null ? null : { score_v3: score, vector_v3: "CVSS:3.1/AV:N" },
  ...more,
});

interface Item {
  readonly cve_id: string;
  readonly repository_name: string;
  readonly digest: string;
}

describeOnEngines("the security hub of other people's scanners", (open) => {
  let scene: Scene;
  let first: { readonly id: number; readonly digest: string };
  let second: { readonly id: number; readonly digest: string };

  beforeAll(async () => {
    scene = await Scene.open(open);
    scene.work();
    scene.adapter.vulnerabilities = [
      vulnerability("CVE-2024-1", "openssl", "High", 7.5),
      vulnerability("CVE-2024-2", "openssl", "Critical", 9.8),
      vulnerability("CVE-2024-3", "zlib", "Low", null, { fix_version: null }),
    ];
    first = await scan("v1", "latest");
    scene.adapter.vulnerabilities = [vulnerability("CVE-2024-1", "openssl", "High", 7.5)];
    second = await scan("v2");
  }, 60_000);
  afterAll(() => scene[Symbol.asyncDispose]());

  async function scan(...tags: string[]) {
    const image = await scene.image(...tags);
    await again(image);
    return image;
  }
  async function again(image: { readonly id: number; readonly digest: string }) {
    await scene.scan(image.digest);
    await scene.ended(image.id);
  }
  async function search(q: string, more = ""): Promise<{ total: string | null; items: Item[] }> {
    const response = await scene.fixture.admin.get(`/security/vul?q=${encodeURIComponent(q)}${more}`);
    expect(response.status).toBe(200);
    return { total: response.headers.get("x-total-count"), items: (await response.json()) as Item[] };
  }
  const found = async (q: string) => (await search(q)).items.map(({ cve_id }) => cve_id);
  const summary = async () =>
    (
      await scene.fixture.admin.get("/security/summary?with_dangerous_cve=true&with_dangerous_artifact=true")
    ).json();

  test("tells which images a vulnerability affects, in Harbor's fields", async () => {
    const { items, total } = await search("cve_id=CVE-2024-1", "&with_tag=true");
    expect(total).toBe("2");
    expect(items).toEqual(
      [first, second].map(({ digest }, index) => ({
        ...{ project_id: scene.projectId, repository_name: scene.repository, digest },
        tags: index === 0 ? ["latest", "v1"] : ["v2"],
        ...{ cve_id: "CVE-2024-1", severity: "High", cvss_v3_score: 7.5, package: "openssl" },
        ...{ version: "1.0", fixed_version: "1.1", desc: "About CVE-2024-1" },
        links: ["https://example.com/CVE-2024-1"],
      })) as never,
    );
  });

  test("tells the worst first, page by page", async () => {
    expect(await found("")).toEqual(["CVE-2024-2", "CVE-2024-1", "CVE-2024-1", "CVE-2024-3"]);
    const { items, total } = await search("", "&page=2&page_size=2");
    expect(items.map(({ cve_id }) => cve_id)).toEqual(["CVE-2024-1", "CVE-2024-3"]);
    expect(total).toBe("4");
  });

  test("is narrowed by what Harbor's clients narrow it by", async () => {
    for (const [q, expected] of [
      ["severity=Critical", ["CVE-2024-2"]],
      ["cvss_score_v3=[9.0~10.0]", ["CVE-2024-2"]],
      ["package=zlib", ["CVE-2024-3"]],
      [`digest=${second.digest}`, ["CVE-2024-1"]],
      ["tag=v2", ["CVE-2024-1"]],
      [`repository_name=${scene.repository},severity=low`, ["CVE-2024-3"]],
      [`project_id=${scene.projectId},package=openssl,tag=latest`, ["CVE-2024-2", "CVE-2024-1"]],
      ["project_id=999", []],
    ] as const) {
      expect(await found(q)).toEqual([...expected]);
      expect((await search(q)).total).toBe(String(expected.length));
    }
  });

  test("adds all reports up, and names the worst", async () => {
    expect(await summary()).toMatchObject({
      ...{ critical_cnt: 1, high_cnt: 2, medium_cnt: 0, low_cnt: 1, total_vuls: 4 },
      ...{ fixable_cnt: 3, scanned_cnt: 2, total_artifact: 2 },
      dangerous_cves: [
        { cve_id: "CVE-2024-2", cvss_score_v3: 9.8, package: "openssl", desc: "About CVE-2024-2" },
        { cve_id: "CVE-2024-1" },
        { cve_id: "CVE-2024-3", cvss_score_v3: 0 },
      ],
      dangerous_artifacts: [
        { digest: first.digest, critical_cnt: 1, high_cnt: 1 },
        { digest: second.digest, critical_cnt: 0, high_cnt: 1 },
      ],
    });
  });

  describe("follows the reports", () => {
    test("what a newer one no longer says is gone, what it adds is there, and a failed scan changes nothing", async () => {
      scene.adapter.vulnerabilities = [vulnerability("CVE-2024-4", "openssl", "Medium", 5)];
      await again(second);
      expect(await found("tag=v2")).toEqual(["CVE-2024-4"]);
      expect(await found("cve_id=CVE-2024-1")).toEqual(["CVE-2024-1"]);
      scene.adapter.behaviour.scan = () => new Response(null, { status: 500 });
      await again(second);
      expect(await found("tag=v2")).toEqual(["CVE-2024-4"]);
      expect(await scene.scanners.purge()).toBe(0);
    }, 60_000);

    test("of an image that is deleted nothing stays", async () => {
      const { admin } = scene.fixture;
      const path = `/projects/team/repositories/${scene.repository.slice(5)}/artifacts/${first.digest}`;
      expect((await admin.delete(path)).status).toBe(200);
      expect(await found("")).toEqual(["CVE-2024-4"]);
      expect(await scene.scanners.purge()).toBe(3);
      expect(await found("")).toEqual(["CVE-2024-4"]);
    });

    test("of a scanner that its project no longer has nothing is shown", async () => {
      await scene.scanners.registrations.delete(caller, scene.scanner);
      expect(await found("")).toEqual([]);
      expect(await summary()).toMatchObject({ total_vuls: 0, scanned_cnt: 0 });
    });
  });
});

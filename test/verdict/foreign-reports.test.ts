import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { AdapterServer } from "../scan/scanners/adapter-server.ts";
import { type Breakwater, startBreakwater } from "../support/breakwater.ts";
import { eventually } from "../support/eventually.ts";
import { createProject } from "../support/harbor.ts";
import { ANY_MANIFEST, makeImage } from "../support/image.ts";
import { expectStatus, openRepository, type RepositoryClient } from "../support/registry-client.ts";
import { obstacles } from "./trusted-project.ts";

interface Overview {
  readonly scan_status: string;
  readonly severity: string;
  readonly message?: string;
  readonly summary?: { readonly summary: Readonly<Record<string, number>> };
}

describe("a project that blocks what somebody else's scanner has found", () => {
  let adapter: AdapterServer;
  let server: Breakwater;
  let project: string;
  let repository: RepositoryClient;

  beforeAll(async () => {
    adapter = new AdapterServer();
    server = await startBreakwater({ http: true });
    project = await createProject(server);
    repository = await openRepository(server, `${project}/app`);
    const made = await send("/scanners", { name: "Model", url: adapter.url }, "POST", 201);
    const uuid = made.headers.get("location")?.split("/").at(-1);
    await send(`/projects/${project}/scanner`, { uuid }, "PUT", 200);
    const metadata = { prevent_vul: "true", severity: "high" };
    await send(`/projects/${project}`, { metadata }, "PUT", 200);
    await repository.pushImage(await makeImage(), "app");
  });

  afterAll(async () => {
    await server[Symbol.asyncDispose]();
    await adapter[Symbol.asyncDispose]();
  });

  async function send(path: string, body: object, method: string, status: number): Promise<Response> {
    const headers = { "content-type": "application/json" };
    return expectStatus(status, await server.api(path, { method, headers, body: JSON.stringify(body) }));
  }

  const pull = () => repository.fetch("/manifests/app", { headers: { accept: ANY_MANIFEST } });

  /** What the image is shown with once the scanner has reported this. */
  async function scan(report: object): Promise<Overview> {
    const path = `/projects/${project}/repositories/app/artifacts/app`;
    adapter.behaviour.report = () => Response.json(report);
    await send(`${path}/scan`, {}, "POST", 202);
    const overview = async () => {
      const { scan_overview } = (await (await server.api(`${path}?with_scan_overview=true`)).json()) as {
        scan_overview: Record<string, Overview>;
      };
      return Object.values(scan_overview)[0] as Overview;
    };
    return eventually(overview, ({ scan_status }) => !["Pending", "Running"].includes(scan_status));
  }

  test("takes no part for covered that it cannot read", async () => {
    const covered = { ecosystem: "Debian:12", state: "covered", asOf: 0, packages: 1, message: "1 package." };
    expect(await scan({ vulnerabilities: [], coverage: [covered] })).toMatchObject({
      ...{ scan_status: "Success", severity: "None" },
    });
    expect((await pull()).status).toBe(200);
    const long = { ...covered, ecosystem: "m".repeat(300), state: "no_feed", message: "Nobody tells of it." };
    const overview = await scan({ vulnerabilities: [], coverage: [covered, long] });
    expect(overview).toMatchObject({ scan_status: "Error", severity: "Unknown", message: long.message });
    const refused = await pull();
    expect(await refused.clone().text()).toContain(long.message);
    expect(await obstacles(refused)).toEqual(["not-scanned"]);
  }, 60_000);

  test("counts a vulnerability that is listed several times by its worst rating", async () => {
    const one = { id: "CVE-2024-1", package: "openssl", version: "1.0" };
    const vulnerabilities = ["Critical", "Low"].map((severity) => ({ ...one, severity }));
    expect((await scan({ vulnerabilities })).summary?.summary).toEqual({ Critical: 1 });
    expect(await obstacles(await pull())).toEqual(["vulnerable"]);
  }, 60_000);

  test("keeps the report that it has when the next has more findings than are taken of an image", async () => {
    const findings = (count: number) =>
      Array.from({ length: count }, (_, at) => ({ id: `CVE-2024-${at}`, package: "linux", severity: "Low" }));
    const most = await scan({ vulnerabilities: findings(20_000) });
    expect(most).toMatchObject({ scan_status: "Success", summary: { summary: { Low: 20_000 } } });
    const refused = await scan({ vulnerabilities: findings(20_001) });
    expect(refused).toMatchObject({ scan_status: "Error", summary: { summary: { Low: 20_000 } } });
    expect(refused.message).toContain("more than the 20000 findings that are taken of one image");
    expect((await pull()).status).toBe(200);
  }, 60_000);
});

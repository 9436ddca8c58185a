import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { type Breakwater, startBreakwater } from "../../support/breakwater.ts";
import { eventually } from "../../support/eventually.ts";
import { openRepository } from "../../support/registry-client.ts";
import { debian, imageOf, layerOf } from "../images/scene.ts";

setDefaultTimeout(60_000);

interface Shown {
  readonly digest: string;
  readonly accessories: readonly { readonly digest: string; readonly type: string }[] | null;
  readonly sbom_overview?: {
    readonly scan_status: string;
    readonly sbom_digest: string;
    readonly report_id: string;
  };
}

describe("the built-in scanner, as Harbor's clients ask it", () => {
  let server: Breakwater;

  beforeAll(async () => {
    server = await startBreakwater({ http: true });
  });
  afterAll(() => server[Symbol.asyncDispose]());

  const headers = { "content-type": "application/json" };
  const post = (path: string, body: string) => server.api(path, { method: "POST", headers, body });
  /** A project of its own, and an image pushed into it. */
  async function pushed(metadata: object) {
    const project = `p${crypto.randomUUID().slice(0, 8)}`;
    const made = await post("/projects", JSON.stringify({ project_name: project, metadata }));
    expect(made.status).toBe(201);
    const repository = await openRepository(server, `${project}/app`);
    await repository.pushImage(imageOf(await layerOf(...debian("12", "bash 5.2-1"))), "1");
    return { repository, path: `/projects/${project}/repositories/app/artifacts/1` };
  }
  const shown = async (path: string): Promise<Shown> =>
    (await server.api(`${path}?with_accessory=true&with_sbom_overview=true`)).json() as Promise<Shown>;
  const withSbom = (path: string, but?: string) =>
    eventually(
      () => shown(path),
      ({ sbom_overview: one }) => one?.scan_status === "Success" && one.sbom_digest !== but,
    );

  test("stores an SBOM beside what is pushed into a project that wants one, once", async () => {
    const { repository, path } = await pushed({ auto_sbom_generation: "true" });
    const { accessories, sbom_overview } = await withSbom(path);
    expect(accessories).toMatchObject([{ type: "sbom.harbor", digest: sbom_overview?.sbom_digest }]);
    const listed = await (await server.api(`${path}/accessories`)).json();
    expect(listed).toMatchObject([{ type: "sbom.harbor", digest: sbom_overview?.sbom_digest }]);
    const manifest = await repository.pullManifest(sbom_overview?.sbom_digest ?? "");
    const { layers } = JSON.parse(new TextDecoder().decode(manifest.bytes));
    const sbom = JSON.parse(new TextDecoder().decode(await repository.pullBlob(layers[0].digest)));
    expect(sbom.spdxVersion).toBe("SPDX-2.3");
    expect(JSON.stringify(sbom.packages)).toContain("pkg:deb/debian/bash@5.2-1");
  });

  test("stores one that somebody asks for, and the next in its place", async () => {
    const { path } = await pushed({});
    expect((await shown(path)).sbom_overview).toBeUndefined();
    let before: string | undefined;
    for (let time = 1; time <= 2; time++) {
      expect((await post(`${path}/scan`, '{"scan_type":"sbom"}')).status).toBe(202);
      const { accessories, sbom_overview } = await withSbom(path, before);
      expect(accessories?.map(({ digest }) => digest)).toEqual([sbom_overview?.sbom_digest ?? ""]);
      before = sbom_overview?.sbom_digest;
    }
  });

  test("takes an empty body of whatever type, with a length and without", async () => {
    const { path } = await pushed({});
    for (const action of ["scan", "scan/stop"]) {
      expect((await post(`${path}/${action}`, "")).status).toBe(202);
      const body = new ReadableStream({ start: (controller) => controller.close() });
      const chunked = await server.api(`${path}/${action}`, { method: "POST", headers, body });
      expect(chunked.status).toBe(202);
    }
  });

  test("counts images of which nothing is known as errors, where all are scanned", async () => {
    await pushed({});
    const started = await post("/system/scanAll/schedule", '{"schedule":{"type":"Manual"}}');
    expect(started.status).toBe(201);
    const metrics = await eventually(
      async () => (await (await server.api("/scans/all/metrics")).json()) as Record<string, unknown>,
      ({ ongoing, total }) => ongoing === false && total !== 0,
    );
    const { total } = metrics;
    const none = { Pending: 0, Running: 0, Success: 0, Stopped: 0 };
    expect(metrics).toMatchObject({ completed: total, metrics: { ...none, Error: total } });
  });
});

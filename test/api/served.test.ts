import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { type Breakwater, startBreakwater } from "../support/breakwater.ts";
import { makeImage, makeIndex } from "../support/image.ts";
import { openRepository, type RepositoryClient } from "../support/registry-client.ts";
import { bodies, bodyIn } from "./content.ts";

interface Execution {
  readonly job_status: string;
  readonly job_parameters: string;
}

describe("a server's API over what clients pushed", () => {
  let server: Breakwater;
  let repository: RepositoryClient;
  beforeAll(async () => {
    server = await startBreakwater({ http: true, config: { breakwater: { gc: { grace: "1s" } } } });
    repository = await openRepository(server, "library/deep/er");
  });
  afterAll(() => server[Symbol.asyncDispose]());

  const list = "/projects/library/repositories/deep%252Fer/artifacts";

  test("shows an index with its children, by a name that is encoded twice", async () => {
    const images = { amd64: await makeImage(), arm64: await makeImage({ architecture: "arm64" }) };
    for (const image of Object.values(images)) await repository.pushImage(image);
    const digest = await repository.pushManifest("v1", makeIndex(images));
    await repository.pullManifest("v1");
    const [shown, ...others] = await bodies(await server.api(list));
    expect(others).toEqual([]);
    expect(shown).toMatchObject({ digest, type: "IMAGE" });
    expect(shown?.references).toHaveLength(2);
    const child = await bodyIn(await server.api(`${list}/${images.arm64.manifest.digest}`));
    expect(child.extra_attrs).toMatchObject({ architecture: "arm64" });
    const [entry] = await bodies<{ name: string; artifact_count: number }>(await server.api("/repositories"));
    expect(entry).toMatchObject({ name: "library/deep/er", artifact_count: 1 });
  });

  test("collects garbage when it is told to: first only says what, then does it", async () => {
    const untagged = await repository.pushImage(await makeImage({ layerSize: 10_000 }));
    await Bun.sleep(1200);
    const dry = await collect({ delete_untagged: true, dry_run: true });
    expect(dry).toMatchObject({ dry_run: true, purged_manifests: 1, purged_blobs: 0 });
    expect((await server.api(`${list}/${untagged}`)).status).toBe(200);

    expect(await collect({ delete_untagged: true })).toMatchObject({ purged_manifests: 1 });
    expect((await server.api(`${list}/${untagged}`)).status).toBe(404);
    await Bun.sleep(1200);
    const emptied = await collect({});
    expect(emptied.purged_blobs).toBe(4);
    expect(emptied.freed_space).toBeGreaterThan(20_000);
    expect(await bodies(await server.api(list))).toHaveLength(1);
  }, 30_000);

  test("deletes a repository under the eyes of its clients", async () => {
    const response = await server.api("/projects/library/repositories/deep%252Fer", { method: "DELETE" });
    expect(response.status).toBe(200);
    expect((await repository.fetch("/manifests/v1")).status).toBe(404);
    await repository.pushImage(await makeImage(), "again");
    expect(await bodies(await server.api(list))).toHaveLength(1);
  });

  /** Runs a collection and answers its parameters with what it removed. */
  async function collect(parameters: object): Promise<Record<string, number | boolean>> {
    const begun = await server.api("/system/gc/schedule", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ schedule: { type: "Manual" }, parameters }),
    });
    expect(begun.status, await begun.clone().text()).toBe(201);
    const path = begun.headers.get("location")?.replace("/api/v2.0", "") ?? "";
    for (;;) {
      const { job_status, job_parameters } = await bodyIn<Execution>(await server.api(path));
      if (job_status === "Success") {
        expect(await (await server.api(`${path}/log`)).text()).toContain("Finished.");
        return JSON.parse(job_parameters);
      }
      if (job_status === "Error") throw new Error(await (await server.api(`${path}/log`)).text());
      await Bun.sleep(100);
    }
  }
});

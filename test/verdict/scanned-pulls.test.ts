import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { debian, imageOf, layerOf } from "../scan/images/scene.ts";
import { type Breakwater, startBreakwater } from "../support/breakwater.ts";
import { eventually } from "../support/eventually.ts";
import { createProject } from "../support/harbor.ts";
import { ANY_MANIFEST, type Image, makeImage, makeIndex } from "../support/image.ts";
import { openRepository, RepositoryClient } from "../support/registry-client.ts";
import { type TemporaryDirectory, temporaryDirectory } from "../support/temporary-directory.ts";
import { obstacles } from "./trusted-project.ts";

/** What OSV says of a package of Debian 12. */
const advisory = (id: string, name: string, fixed: string, vector: string) => ({
  ...{ id, modified: new Date().toISOString(), severity: [{ type: "CVSS_V3", score: vector }] },
  affected: [
    {
      package: { ecosystem: "Debian:12", name },
      ranges: [{ type: "ECOSYSTEM", events: [{ introduced: "0" }, { fixed }] }],
    },
  ],
});
const critical = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H";
const low = "CVSS:3.1/AV:L/AC:H/PR:H/UI:R/S:U/C:L/I:N/A:N";

describe("a project that blocks vulnerable images", () => {
  let home: TemporaryDirectory;
  let server: Breakwater;
  let project: string;
  let repository: RepositoryClient;
  const images: Record<"bad" | "mild" | "good" | "strange", Image> = Object.create(null);

  beforeAll(async () => {
    home = await temporaryDirectory("feeds");
    const feed = join(home.path, "osv");
    await mkdir(feed);
    for (const one of [
      advisory("DEBIAN-CVE-2026-1000", "openssl", "3.0.2-1", critical),
      advisory("DEBIAN-CVE-2026-2000", "tar", "1.35-1", low),
    ]) {
      await writeFile(join(feed, `${one.id}.json`), JSON.stringify(one));
    }
    const feeds = { debian: { format: "osv", source: feed } };
    server = await startBreakwater({ http: true, config: { breakwater: { scan: { feeds } } } });
    project = await createProject(server);
    repository = await openRepository(server, `${project}/app`);
    await settings({ prevent_vul: "true", severity: "high" });
    const of = async (...packages: string[]) => imageOf(await layerOf(...debian("12", ...packages)));
    images.bad = await of("libssl3 3.0.1-1 openssl", "tar 1.34-1");
    images.mild = await of("tar 1.34-1");
    images.good = await of("openssl 3.0.2-1");
    images.strange = await makeImage();
    for (const [name, image] of Object.entries(images)) await repository.pushImage(image, name);
    await eventually(
      async () => [(await get("good")).status, (await get("mild")).status],
      (statuses) => statuses.every((status) => status === 200),
    );
    await eventually(
      async () => (await obstacles(await get("bad"))).join(),
      (kinds) => kinds === "vulnerable",
    );
    await eventually(
      async () => await (await get("strange")).text(),
      (text) => text.includes("recognised nothing"),
    );
  });

  afterAll(async () => {
    await server[Symbol.asyncDispose]();
    await home[Symbol.asyncDispose]();
  });

  const settings = async (metadata: Record<string, string>) => {
    const body = JSON.stringify({ metadata });
    const headers = { "content-type": "application/json" };
    expect((await server.api(`/projects/${project}`, { method: "PUT", body, headers })).status).toBe(200);
  };
  const get = (reference: string, from = repository, method = "GET") =>
    from.fetch(`/manifests/${reference}`, { method, headers: { accept: ANY_MANIFEST } });
  const puller = async (...actions: string[]) => {
    const token = await server.token([`repository:${repository.name}:${["pull", ...actions].join(",")}`]);
    return new RepositoryClient(server, repository.name, token);
  };

  test("serves what is below its threshold, and says of the rest what was found and what lifts it", async () => {
    expect((await get("mild")).status).toBe(200);
    const bad = await get("bad");
    const text = await bad.clone().text();
    expect(JSON.parse(text).errors[0].detail).toMatchObject([
      { kind: "vulnerable", total: 1, findings: [{ package: "openssl", fix_version: "3.0.2-1" }] },
    ]);
    expect(await obstacles(bad)).toEqual(["vulnerable"]);
    expect(text).toContain(`${repository.name}:bad has a vulnerability`);
    expect(text).toContain("CVE-2026-1000 (Critical) in openssl 3.0.1-1, fixed in 3.0.2-1");
    const strange = await get("strange");
    expect(await strange.clone().text()).toContain("recognised nothing");
    expect(await obstacles(strange)).toEqual(["not-scanned"]);
  });

  test("is not got round by digest, HEAD, blob, index, mount or copy, nor by asking for a scanner's right", async () => {
    const { digest } = images.bad.manifest;
    expect(await obstacles(await get(digest))).toEqual(["vulnerable"]);
    expect(await obstacles(await repository.fetch(`/blobs/${digest}`))).toEqual(["vulnerable"]);
    for (const client of [await puller(), await puller("scanner-pull")]) {
      expect((await get("bad", client, "HEAD")).status).toBe(412);
      expect(await obstacles(await get(digest, client))).toEqual(["vulnerable"]);
    }
    const permissions = [
      { kind: "project", namespace: project, access: [{ resource: "repository", action: "scanner-pull" }] },
    ];
    const robot = { name: "scan", level: "project", duration: 1, permissions };
    const headers = { "content-type": "application/json" };
    const refused = await server.api("/robots", { method: "POST", body: JSON.stringify(robot), headers });
    expect(refused.status).toBe(400);

    const index = makeIndex({ amd64: images.bad, arm64: images.good });
    await repository.pushManifest("multi", index);
    expect((await get("multi")).status).toBe(200);
    expect((await get(images.good.manifest.digest)).status).toBe(200);
    expect(await obstacles(await get(digest))).toEqual(["vulnerable"]);

    const lax = await createProject(server);
    const elsewhere = await openRepository(server, `${lax}/app`);
    const mount = `/blobs/uploads/?mount=${digest}&from=${repository.name}`;
    expect((await elsewhere.fetch(mount, { method: "POST" })).status).toBe(202);
    for (const source of [":bad", ":multi"]) {
      const from = encodeURIComponent(`${repository.name}${source}`);
      const path = `/projects/${lax}/repositories/app/artifacts?from=${from}`;
      expect(await obstacles(await server.api(path, { method: "POST" }))).toEqual(["vulnerable"]);
    }
  });

  test("waits for the scan that is under way where it says so", async () => {
    await settings({ scan_missing: "wait", scan_wait_seconds: "60" });
    const image = imageOf(await layerOf(...debian("12", "openssl 3.0.3-1")));
    await repository.pushImage(image, "fresh");
    expect((await get("fresh")).status).toBe(200);
    await settings({ scan_missing: "deny" });
  });

  test("lets pass what is excepted, and tells the portal the same", async () => {
    const headers = { "content-type": "application/json" };
    const body = JSON.stringify({
      ...{ vulnerability: "CVE-2026-1000", reason: "Not used.", repository: repository.name },
      package: "pkg:deb/debian/libssl3",
    });
    const path = `/projects/${project}/exceptions`;
    expect((await server.api(path, { method: "POST", body, headers })).status).toBe(201);
    expect((await get("bad")).status).toBe(200);
    const artifact = await server.api(`/projects/${project}/repositories/app/artifacts/bad`);
    expect(await artifact.json()).toMatchObject({ verdict: { allowed: true, obstacles: [] } });
  });
});

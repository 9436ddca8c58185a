import { expect, test } from "bun:test";
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { pack } from "tar-stream";
import { type Breakwater, startBreakwater } from "../../support/breakwater.ts";
import { eventually } from "../../support/eventually.ts";
import { content, type Image, jsonContent, makeImage } from "../../support/image.ts";
import { expectStatus, openRepository } from "../../support/registry-client.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";
import { types } from "./adapter-server.ts";

const secdb = {
  distroversion: "v3.10",
  reponame: "main",
  packages: [{ pkg: { name: "openssl", secfixes: { "1.1.1d-r0": ["CVE-2019-1547"] } } }],
};

/** An image of Alpine with an openssl that is older than its fix, or of a distribution that nobody knows. */
async function imageOf(distribution: "alpine" | "unheard-of"): Promise<Image> {
  const archive = pack();
  const file = (name: string, text: string) => archive.entry({ name }, text);
  file("etc/os-release", `ID=${distribution}\nVERSION_ID=3.10.2\n`);
  file("etc/apk/repositories", "https://dl-cdn.alpinelinux.org/alpine/v3.10/main\n");
  file("lib/apk/db/installed", "P:libssl1.1\nV:1.1.1c-r0\nA:x86_64\no:openssl\nL:OpenSSL\n\n");
  file("unique", crypto.randomUUID());
  archive.finalize();
  const tar = Buffer.concat(await Array.fromAsync(archive as AsyncIterable<Uint8Array>));
  const base = await makeImage({ layers: 1 });
  const layer = content("application/vnd.oci.image.layer.v1.tar+gzip", new Uint8Array(gzipSync(tar)));
  const { mediaType, digest, size } = layer;
  const manifest = JSON.parse(new TextDecoder().decode(base.manifest.bytes)) as object;
  const layers = [{ mediaType, digest, size }];
  return {
    layers: [layer],
    config: base.config,
    manifest: jsonContent(types.manifest, { ...manifest, layers }),
  };
}

interface Overview {
  readonly scan_status: string;
  readonly severity: string;
  readonly message?: string;
  readonly summary?: { readonly total: number; readonly fixable: number };
  readonly scanner?: { readonly name: string };
  readonly report_id: string;
}

/** What the artifact is shown with. */
async function artifactOf(server: Breakwater, reference: string) {
  const path = `/projects/library/repositories/app/artifacts/${reference}`;
  const response = await server.api(`${path}?with_scan_overview=true&with_sbom_overview=true`);
  const { scan_overview, sbom_overview } = (await (await expectStatus(200, response)).json()) as {
    scan_overview?: Record<string, Overview>;
    sbom_overview?: { scan_status: string; sbom_digest?: string };
  };
  return { scan: scan_overview?.[types.generic], sbom: sbom_overview };
}

async function post(server: Breakwater, path: string, body: unknown, method = "POST"): Promise<Response> {
  const headers = { "content-type": "application/json" };
  return server.api(path, { method, headers, body: JSON.stringify(body) });
}

const artifacts = "/projects/library/repositories/app/artifacts";

test("one Breakwater scans for another: by hand, on push, everything, SBOMs, and while it is down nothing changes", async () => {
  await using folder = await temporaryDirectory("feeds");
  const file = join(folder.path, "main.json");
  await writeFile(file, JSON.stringify(secdb));
  await using registry = await startBreakwater({ http: true });
  const feeds = { alpine: { format: "secdb", source: file } };
  await using scanner = await startBreakwater({
    http: true,
    config: { breakwater: { scan: { adapter: { registries: registry.host }, feeds } } },
  });
  const repository = await openRepository(registry, "library/app");
  const [old, unknown] = [await imageOf("alpine"), await imageOf("unheard-of")];
  await repository.pushImage(old, "old");
  await repository.pushImage(unknown, "unknown");

  const robot = (await (
    await expectStatus(
      201,
      await post(scanner, "/robots", {
        name: "other",
        level: "system",
        duration: 1,
        permissions: [
          { kind: "system", namespace: "/", access: [{ resource: "scan-all", action: "create" }] },
        ],
      }),
    )
  ).json()) as { name: string; secret: string };
  const registration = {
    name: "Other Breakwater",
    url: `${scanner.url}/scanner`,
    auth: "Basic",
    access_credential: `${robot.name}:${robot.secret}`,
  };
  const wrong = { ...registration, access_credential: "somebody:else" };
  expect((await post(registry, "/scanners/ping", wrong)).status).toBe(400);
  const made = await expectStatus(201, await post(registry, "/scanners", registration));
  const uuid = made.headers.get("location")?.split("/").at(-1) ?? "";
  await expectStatus(200, await post(registry, "/projects/library/scanner", { uuid }, "PUT"));
  expect(await (await registry.api("/projects/library/scanner")).json()).toMatchObject({
    name: "Other Breakwater",
    health: "healthy",
    adapter: "Breakwater",
    access_credential: "",
    capabilities: { support_vulnerability: true, support_sbom: true },
  });

  // The scanner's database is there once its feed was read.
  await eventually(
    async () => (await scanner.api("/vulnerability-database")).text(),
    (text) => text.includes("Alpine:v3.10"),
  );
  for (const tag of ["old", "unknown"])
    await expectStatus(202, await post(registry, `${artifacts}/${tag}/scan`, {}));
  const ended = (tag: string) =>
    eventually(
      () => artifactOf(registry, tag),
      ({ scan }) => scan !== undefined && !["Pending", "Running"].includes(scan.scan_status),
    );
  const { scan: found } = await ended("old");
  expect(found).toMatchObject({
    scan_status: "Success",
    summary: { total: 1, fixable: 1 },
    scanner: { name: "Breakwater" },
  });
  const report = await (await registry.api(`${artifacts}/old/additions/vulnerabilities`)).json();
  expect(report).toMatchObject({
    [types.generic]: {
      vulnerabilities: [
        { id: "CVE-2019-1547", package: "openssl", version: "1.1.1c-r0", fix_version: "1.1.1d-r0" },
      ],
    },
  });
  // Where no feed tells anything there is no clean bill, here or there.
  const { scan: unclear } = await ended("unknown");
  expect(unclear?.scan_status).toBe("Error");
  expect(unclear?.message).toContain("No feed");
  expect(await (await registry.api(`${artifacts}/unknown/additions/vulnerabilities`)).json()).toEqual({});
  const log = await registry.api(`${artifacts}/unknown/scan/${unclear?.report_id}/log`);
  expect(await log.text()).toContain("No feed");

  await expectStatus(202, await post(registry, `${artifacts}/old/scan`, { scan_type: "sbom" }));
  const { sbom } = await eventually(
    () => artifactOf(registry, "old"),
    ({ sbom }) => sbom?.scan_status === "Success",
  );
  const referrers = await repository.fetch(`/referrers/${old.manifest.digest}`);
  const { manifests } = (await referrers.json()) as { manifests: { digest: string; artifactType: string }[] };
  expect(manifests).toMatchObject([
    { digest: sbom?.sbom_digest ?? "", artifactType: "application/spdx+json" },
  ]);

  await expectStatus(200, await post(registry, "/projects/library/metadatas", { auto_scan: "true" }));
  await repository.pushImage(await imageOf("alpine"), "pushed");
  expect((await ended("pushed")).scan).toMatchObject({ scan_status: "Success", summary: { total: 1 } });

  await expectStatus(201, await post(registry, "/system/scanAll/schedule", { schedule: { type: "Manual" } }));
  const stats = await eventually(
    async () =>
      (await (await registry.api("/scans/all/metrics")).json()) as { total: number; ongoing: boolean },
    ({ total, ongoing }) => total > 0 && !ongoing,
  );
  expect(stats).toMatchObject({
    total: 3,
    completed: 3,
    metrics: { Success: 2, Error: 1 },
    trigger: "Manual",
  });

  await scanner.stop();
  const before = await artifactOf(registry, "old");
  await expectStatus(202, await post(registry, `${artifacts}/old/scan`, {}));
  const after = await eventually(
    () => artifactOf(registry, "old"),
    ({ scan }) => scan?.scan_status === "Error",
  );
  expect(after.scan?.summary).toEqual(before.scan?.summary as never);
  expect(after.scan?.message).toStartWith('The scanner "Other Breakwater" cannot be reached');
  expect(await (await registry.api(`${artifacts}/old/additions/vulnerabilities`)).json()).toMatchObject({
    [types.generic]: { vulnerabilities: [{ id: "CVE-2019-1547" }] },
  });
  await rm(file);
}, 180_000);

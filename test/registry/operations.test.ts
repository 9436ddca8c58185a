import { describe, expect, test } from "bun:test";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { breakwater } from "../command-line/breakwater.ts";
import { type Breakwater, startBreakwater } from "../support/breakwater.ts";
import { eventually } from "../support/eventually.ts";
import { digestOf, makeImage, randomBytes } from "../support/image.ts";
import { openRepository } from "../support/registry-client.ts";

async function metricsOf(server: Breakwater): Promise<string> {
  const response = await fetch(`http://127.0.0.1:${server.metricsPort}/metrics`);
  expect(response.status).toBe(200);
  return response.text();
}

function countOf(metrics: string, labels: string): number {
  return Number(
    new RegExp(`^breakwater_http_request_duration_seconds_count\\{${labels}\\} (\\d+)$`, "m").exec(
      metrics,
    )?.[1],
  );
}

test("the metrics are of all processes together, however many ask for them", async () => {
  await using server = await startBreakwater({ workers: 2 });
  const repository = await openRepository(server, "library/metrics");
  await repository.pushImage(await makeImage(), "v1");
  for (let pull = 0; pull < 40; pull++) {
    const response = await repository.fetch("/manifests/v1", { keepalive: false });
    await response.arrayBuffer();
  }
  const labels = 'route="manifest",method="GET",code="200"';
  const all = await Promise.all(Array.from({ length: 5 }, () => metricsOf(server)));
  expect(all.map((metrics) => countOf(metrics, labels))).toEqual([40, 40, 40, 40, 40]);
  const elsewhere = await fetch(`http://127.0.0.1:${server.metricsPort}/`);
  expect(elsewhere.status).toBe(404);
});

test("plain HTTP beside HTTPS leads there, with method, path and query", async () => {
  await using server = await startBreakwater();
  const plain = `http://localhost:${server.httpPort}`;
  for (const [method, path] of [
    ["GET", "/"],
    ["GET", "/v2/library/app/tags/list?n=5&last=a%20b"],
    ["PUT", "/v2/library/app/manifests/latest"],
  ] as const) {
    const response = await fetch(`${plain}${path}`, { method, redirect: "manual" });
    expect(response.status).toBe(308);
    expect(response.headers.get("location")).toBe(`${server.url}${path}`);
  }
});

test("plain HTTP alone serves images, and says at its start what that means", async () => {
  await using server = await startBreakwater({ http: true });
  const repository = await openRepository(server, "library/plain");
  const image = await makeImage();
  await repository.pushImage(image, "v1");
  expect((await repository.pullManifest("v1")).digest).toBe(image.manifest.digest);
  expect(await server.logs()).toContain('"level":"warn"');
});

test("a pull goes on while the certificate is exchanged, and who comes next sees the new one", async () => {
  await using server = await startBreakwater();
  const repository = await openRepository(server, "library/certificate");
  const bytes = randomBytes(64 * 1024 * 1024);
  const digest = await repository.pushBlob(bytes);
  const response = await repository.fetch(`/blobs/${digest}`);
  const reader = response.body?.getReader();
  if (reader === undefined) throw new Error("there is no body");
  const hasher = new Bun.CryptoHasher("sha256");
  const first = await reader.read();
  if (first.value !== undefined) hasher.update(first.value);

  await rm(join(server.dataDir, "ca/server.pem"));
  process.kill(server.pid, "SIGHUP");
  await eventually(
    () => server.logs(),
    (log) => log.includes("The certificate was exchanged."),
  );
  for (let part = await reader.read(); !part.done; part = await reader.read()) hasher.update(part.value);
  expect(`sha256:${hasher.digest("hex")}`).toBe(digest);
  const again = await repository.fetch(`/blobs/${digest}`, { method: "HEAD", keepalive: false });
  expect(again.status).toBe(200);
});

describe("garbage, collected beside a server that works", () => {
  test("by the command line: a dry run counts, a run deletes, and pushes go on", async () => {
    await using server = await startBreakwater();
    const repository = await openRepository(server, "library/garbage");
    const image = await makeImage();
    await repository.pushImage(image, "kept");
    const orphan = randomBytes(10_000);
    await repository.pushBlob(orphan);
    const gc = async (...args: string[]) => {
      const { code, stdout, output } = await breakwater([
        "gc",
        "--config",
        server.configFile,
        "--grace",
        "0s",
        "--json",
        ...args,
      ]);
      expect(code, output).toBe(0);
      return JSON.parse(stdout) as { deleted: number; freed: number };
    };
    expect(await gc("--dry-run")).toMatchObject({ deleted: 1, freed: 10_000 });
    expect((await repository.fetch(`/blobs/${digestOf(orphan)}`, { method: "HEAD" })).status).toBe(200);

    let collecting = true;
    const pushes = (async () => {
      const pushed: string[] = [];
      while (collecting) {
        const next = await makeImage({ layers: 1 });
        const done = await repository.pushImage(next, `t${pushed.length}`).catch(() => null);
        if (done !== null) pushed.push(done);
      }
      return pushed;
    })();
    expect((await gc()).deleted).toBeGreaterThanOrEqual(1);
    collecting = false;

    expect((await repository.fetch(`/blobs/${digestOf(orphan)}`)).status).toBe(404);
    for (const digest of [image.manifest.digest, ...(await pushes)]) {
      const { config } = JSON.parse(new TextDecoder().decode((await repository.pullManifest(digest)).bytes));
      expect(digestOf(await repository.pullBlob(config.digest))).toBe(config.digest);
    }
    const { code, output } = await breakwater(["fsck", "--deep", "--config", server.configFile]);
    expect(code, output).toBe(0);
  });
});

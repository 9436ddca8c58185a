import { afterAll, beforeAll, expect, test } from "bun:test";
import { join } from "node:path";
import { type Breakwater, startBreakwater } from "../support/breakwater.ts";
import { mustRun, run } from "../support/command.ts";
import { describeUnless } from "../support/describe-unless.ts";
import { type Image, makeImage } from "../support/image.ts";
import { missingPostgresql, PostgresqlServer } from "../support/postgresql.ts";
import { openRepository, type RepositoryClient } from "../support/registry-client.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";

const NAME = "library/app";

describeUnless(missingPostgresql(), "two servers on one PostgreSQL", () => {
  const started = new AsyncDisposableStack();
  let database: PostgresqlServer;
  let servers: readonly [Breakwater, Breakwater];
  let clients: readonly [RepositoryClient, RepositoryClient];

  beforeAll(async () => {
    database = started.use(await PostgresqlServer.create());
    const data = started.use(await temporaryDirectory("shared"));
    const common = {
      database: await database.createDatabase(),
      dataDir: data.path,
      config: { breakwater: { gc: { grace: "1s" } } },
    };
    // At once, as an orchestrator would: one makes the tables, the administrator and the certificates.
    servers = await Promise.all([startBreakwater(common), startBreakwater(common)]);
    for (const server of servers) started.use(server);
    clients = await Promise.all([openRepository(servers[0], NAME), openRepository(servers[1], NAME)]);
  });
  afterAll(() => started.disposeAsync());

  test("what one is given the other gives back, and what one deletes the other lacks", async () => {
    const image = await makeImage();
    const [here, there] = clients;
    await here.pushImage(image, "v1");
    expect((await there.pullManifest("v1")).digest).toBe(image.manifest.digest);
    for (const { digest, bytes } of [...image.layers, image.config]) {
      expect(await there.pullBlob(digest)).toEqual(bytes);
    }
    expect((await there.fetch("/manifests/v1", { method: "DELETE" })).status).toBe(202);
    expect((await here.fetch("/manifests/v1")).status).toBe(404);
    expect((await there.fetch(`/manifests/${image.manifest.digest}`, { method: "DELETE" })).status).toBe(202);
    expect((await here.fetch(`/manifests/${image.manifest.digest}`)).status).toBe(404);
  });

  test("an upload that one began goes on at the other", async () => {
    const { bytes, digest } = (await makeImage()).config;
    const [here, there] = clients;
    const path = (location: string) =>
      new URL(location, here.server.url).pathname + new URL(location, here.server.url).search;
    const begun = await here.startUpload();
    const half = Math.floor(bytes.length / 2);
    const patched = await there.fetch(path(begun), { method: "PATCH", body: bytes.slice(0, half) });
    expect(patched.status).toBe(202);
    const next = path(patched.headers.get("location") ?? "");
    const separator = next.includes("?") ? "&" : "?";
    const put = await here.fetch(`${next}${separator}digest=${digest}`, {
      method: "PUT",
      body: bytes.slice(half),
    });
    expect(put.status).toBe(201);
    expect(await there.pullBlob(digest)).toEqual(bytes);
  });

  test("a login at one is one at the other, and its end too", async () => {
    const [here, there] = servers;
    const body = new URLSearchParams({ principal: here.admin.username, password: here.admin.password });
    const login = await here.fetch("/c/login", { method: "POST", body });
    const cookie =
      login.headers
        .getSetCookie()
        .find((line) => line.startsWith("sid="))
        ?.split(";")[0] ?? "";
    const current = (server: Breakwater) => server.fetch("/api/v2.0/users/current", { headers: { cookie } });
    expect((await current(there)).status).toBe(200);
    await there.fetch("/c/log_out", { headers: { cookie } });
    expect((await current(here)).status).toBe(401);
  });

  test("a restart of PostgreSQL under load is answered with errors to try again, and then all works", async () => {
    const images = await Promise.all(
      Array.from({ length: 3 }, () => makeImage({ layers: 1, layerSize: 5000 })),
    );
    const acknowledged: { reference: string; image: Image }[] = [];
    const statuses = new Map<number, number>();
    let stopping = false;
    const count = ({ status }: Response) => {
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
      return status;
    };
    for (const [at, image] of images.entries()) await clients[0].pushImage(image, `start-${at}`);
    const pulls = clients.map(async (client) => {
      while (!stopping) count(await client.fetch("/manifests/start-0"));
    });
    const pushes = images.map(async (image, at) => {
      for (let round = 0; !stopping; round++) {
        const client = clients[round % 2 === 0 ? 0 : 1];
        const reference = `r${at}-${round}`;
        const { bytes: body, mediaType } = image.manifest;
        const init = { method: "PUT", headers: { "content-type": mediaType }, body };
        if (count(await client.fetch(`/manifests/${reference}`, init)) === 201)
          acknowledged.push({ reference, image });
      }
    });
    for (const how of ["fast", "immediate"] as const) {
      await Bun.sleep(500);
      await database.stop(how);
      await Bun.sleep(500);
      expect(((await (await clients[0].fetch("/manifests/start-0")).json()) as Refusal).errors[0]?.code).toBe(
        "UNAVAILABLE",
      );
      await database.start();
    }
    await Bun.sleep(500);
    stopping = true;
    await Promise.all([...pulls, ...pushes]);

    expect([...statuses.keys()].sort()).toEqual([200, 201, 503]);
    for (const { reference, image } of acknowledged) {
      expect((await clients[0].pullManifest(reference)).digest).toBe(image.manifest.digest);
    }
    expect(await clients[1].pushImage(await makeImage(), "afterwards")).toStartWith("sha256:");
    for (const server of servers) expect(server.running).toBe(true);
  });

  test("garbage is collected once, and fsck finds all well", async () => {
    const breakwater = (command: string, ...options: string[]) => [
      ...[process.execPath, join(import.meta.dir, "../../src/main.ts"), command],
      ...["--config", servers[0].configFile, ...options],
    ];
    const gc = () => mustRun(breakwater("gc", "--delete-untagged", "--grace", "1s", "--json"));
    const reports = (await Promise.all([gc(), gc()])).map(
      (text) => JSON.parse(text) as { manifests: number },
    );
    expect(reports.reduce((sum, { manifests }) => sum + manifests, 0)).toBe(0);
    // What a change wrote to the storage before its commit was lost is left over, and nothing else is wrong.
    const { code, output } = await run(breakwater("fsck", "--deep", "--repair", "--json"));
    expect(code, output).toBe(0);
    const { findings } = JSON.parse(output) as { findings: readonly { severity: string }[] };
    expect(findings.filter(({ severity }) => severity !== "leftover")).toEqual([]);
  });
});

interface Refusal {
  readonly errors: readonly { readonly code: string }[];
}

import { expect, test } from "bun:test";
import { type Breakwater, basicAuth, startBreakwater } from "../../support/breakwater.ts";
import { eventually } from "../../support/eventually.ts";
import { digestOf, makeImage } from "../../support/image.ts";
import { expectStatus } from "../../support/registry-client.ts";
import { types } from "./adapter-server.ts";

const base = "/scanner/api/v1";

/** A robot of the system that may have everything scanned, and nothing else. */
async function client(server: Breakwater, name: string): Promise<string> {
  const access = [{ resource: "scan-all", action: "create" }];
  const body = {
    name,
    level: "system",
    duration: 1,
    permissions: [{ kind: "system", namespace: "/", access }],
  };
  const headers = { "content-type": "application/json" };
  const made = await server.api("/robots", { method: "POST", headers, body: JSON.stringify(body) });
  const robot = (await (await expectStatus(201, made)).json()) as { name: string; secret: string };
  return basicAuth({ username: robot.name, password: robot.secret });
}

const order = (url: string, digest: string, repository = "team/app") => ({
  registry: { url, authorization: "" },
  artifact: { repository, digest, tag: "", mime_type: types.manifest, size: 1 },
  enabled_capabilities: [{ type: "vulnerability", produces_mime_types: [types.generic] }],
});

test("the scanner API is for those who may have things scanned, and goes where it was told that it may", async () => {
  const image = await makeImage({ layers: 1 });
  let metadataAsked = false;
  // A registry that sends whoever pulls a layer to the address where clouds keep their machines' credentials.
  using registry = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch(request) {
      const { pathname } = new URL(request.url);
      if (pathname.includes("/manifests/")) return new Response(image.manifest.bytes);
      metadataAsked ||= pathname.includes("meta-data");
      return Response.redirect("http://169.254.169.254/latest/meta-data/", 307);
    },
  });
  const host = `127.0.0.1:${registry.port}`;
  await using closed = await startBreakwater({ http: true });
  await using server = await startBreakwater({
    http: true,
    config: { breakwater: { scan: { adapter: { registries: host } } } },
  });
  const alice = await client(server, "alice");
  const bob = await client(server, "bob");
  const ask = (path: string, authorization: string | null, init: BunFetchRequestInit = {}) => {
    const headers = new Headers(init.headers);
    if (authorization !== null) headers.set("authorization", authorization);
    return server.fetch(`${base}${path}`, { ...init, headers });
  };
  const post = (body: unknown, authorization = alice) =>
    ask("/scan", authorization, {
      method: "POST",
      headers: { "content-type": types.request, accept: types.response },
      body: typeof body === "string" ? body : JSON.stringify(body),
    });

  const metadata = await ask("/metadata", alice);
  expect(metadata.headers.get("content-type")).toBe(types.metadata);
  expect(await metadata.json()).toMatchObject({
    scanner: { name: "Breakwater" },
    capabilities: [{ type: "vulnerability" }, { type: "sbom" }],
  });
  const [name, secret] = Buffer.from(alice.slice(6), "base64").toString().split(":");
  const key = { headers: { "x-scanneradapter-api-key": `${name}:${secret}` } };
  expect((await ask("/metadata", null, key)).status).toBe(200);
  expect((await ask("/metadata", `Bearer ${name}:${secret}`)).status).toBe(200);
  expect((await ask("/metadata", null)).status).toBe(401);
  expect((await ask("/metadata", "Bearer nothing")).status).toBe(401);
  const refused = await closed.fetch(`${base}/metadata`, {
    headers: { authorization: basicAuth(closed.admin) },
  });
  expect(refused.status).toBe(403);
  expect(await refused.json()).toMatchObject({
    error: { message: expect.stringContaining("adapter.registries") },
  });

  for (const [body, status] of [
    ["{", 400],
    ["[]", 400],
    [order(`http://${host}`, "sha256:1"), 400],
    [order("ftp://example.com", digestOf(new Uint8Array())), 400],
    [order("http://169.254.169.254", digestOf(new Uint8Array())), 403],
    [order(`http://${host}@169.254.169.254`, digestOf(new Uint8Array())), 403],
    [{ ...order(`http://${host}`, image.manifest.digest), enabled_capabilities: [{ type: "secret" }] }, 400],
    ["x".repeat(70_000), 400],
    ...[
      "a/../../../api/v2.0/users",
      "a/../b",
      "a/./b",
      "a//b",
      "/a",
      "a/",
      "a..b/c",
      "A/b",
      "a?b",
      "a%2e",
      "",
    ].map((name) => [order(`http://${host}`, image.manifest.digest, name), 400] as const),
  ] as const) {
    const answer = await post(body);
    expect(answer.status).toBe(status);
    expect(await answer.json()).toMatchObject({ error: { message: expect.any(String) } });
  }

  // In other registries a repository may lie in no project.
  await expectStatus(202, await post(order(`http://${host}`, image.manifest.digest, "app")));
  const placed = await expectStatus(202, await post(order(`http://${host}`, image.manifest.digest)));
  const { id } = (await placed.json()) as { id: string };
  const report = (authorization: string, accept = types.generic) =>
    ask(`/scan/${id}/report`, authorization, { headers: { accept } });
  const first = await report(alice);
  expect(first.status).toBe(302);
  expect(first.headers.get("location")).toBe(`${base}/scan/${id}/report`);
  expect(first.headers.get("refresh-after")).toBe("2");
  expect((await report(alice, "text/html")).status).toBe(400);
  expect((await report(bob)).status).toBe(404);
  const last = await eventually(
    () => report(alice),
    ({ status }) => status !== 302,
  );
  expect(last.status).toBe(500);
  expect(await last.json()).toMatchObject({
    error: { message: expect.stringContaining("169.254.169.254") },
  });
  expect(metadataAsked).toBe(false);
}, 120_000);

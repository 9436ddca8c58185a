import { afterAll, beforeAll, expect, test } from "bun:test";
import { type Breakwater, basicAuth, type Credentials, startBreakwater } from "../support/breakwater.ts";
import { eventually } from "../support/eventually.ts";
import { addMember, createProject, createUser } from "../support/harbor.ts";
import { makeImage } from "../support/image.ts";
import { openRepository } from "../support/registry-client.ts";

interface AuditRecord {
  readonly username: string;
  readonly operation: string;
  readonly resource: string;
  readonly resource_type: string;
}

let server: Breakwater;
let project: string;
let user: Credentials;
beforeAll(async () => {
  server = await startBreakwater();
  project = await createProject(server);
  user = await createUser(server);
  await addMember(server, project, user, "maintainer");
});
afterAll(() => server[Symbol.asyncDispose]());

/** What the log says of a user, once it says enough: pulls are written every second. */
function recordsOf(username: string, count: number): Promise<AuditRecord[]> {
  const query = new URLSearchParams({ q: `username=${username}`, page_size: "100" });
  return eventually(
    async () => (await (await server.api(`/audit-logs?${query}`)).json()) as AuditRecord[],
    (records) => records.length >= count,
  );
}

function said(records: readonly AuditRecord[]): string[] {
  return records.map(({ operation, resource }) => `${operation} ${resource}`).sort();
}

test("each login, push, pull and deletion is recorded, with who and what", async () => {
  const name = `${project}/app`;
  const repository = await openRepository(server, name, user);
  const image = await makeImage();
  await repository.pushImage(image, "v1");
  await repository.pullManifest("v1");
  await repository.pullManifest(image.manifest.digest);
  await repository.fetch("/manifests/v1", { method: "DELETE" });
  await repository.fetch(`/manifests/${image.manifest.digest}`, { method: "DELETE" });
  await repository.fetch(`/blobs/${image.config.digest}`, { method: "DELETE" });
  const records = await recordsOf(user.username, 7);
  expect(said(records)).toEqual(
    [
      `login ${user.username}`,
      `push ${name}:v1`,
      `pull ${name}:v1`,
      `pull ${name}@${image.manifest.digest}`,
      `delete ${name}:v1`,
      `delete ${name}@${image.manifest.digest}`,
      `delete ${name}@${image.config.digest}`,
    ].sort(),
  );
});

test("what was refused is recorded too, and what did not come to pass is not", async () => {
  const stranger = await createUser(server);
  const name = `${project}/secret`;
  const repository = await openRepository(server, name, stranger);
  for (const [method, path] of [
    ["GET", "/manifests/latest"],
    ["PUT", "/manifests/latest"],
    ["DELETE", "/manifests/latest"],
  ] as const) {
    expect((await repository.fetch(path, { method })).status).toBe(401);
  }
  const records = await recordsOf(stranger.username, 4);
  expect(said(records)).toEqual([
    `delete ${name}`,
    `login ${stranger.username}`,
    `pull ${name}`,
    `push ${name}`,
  ]);

  const wrong = { username: stranger.username, password: "Wrong-12345" };
  const headers = { authorization: basicAuth(wrong) };
  expect((await server.fetch("/v2/", { headers })).status).toBe(401);
  const failed = await eventually(
    () => recordsOf("anonymous", 0),
    (all) => all.some(({ operation, resource }) => operation === "login" && resource === stranger.username),
  );
  expect(failed).not.toBeEmpty();

  await repository.fetch("/manifests/latest", { method: "PUT", body: "{}" });
  expect(said(await recordsOf(stranger.username, 4))).toHaveLength(4);
});

test("pulls that are alike are one record", async () => {
  const puller = await createUser(server);
  await addMember(server, project, puller, "guest");
  const name = `${project}/popular`;
  await (await openRepository(server, name)).pushImage(await makeImage(), "v1");
  const repository = await openRepository(server, name, puller);
  await Promise.all(Array.from({ length: 50 }, () => repository.pullManifest("v1")));
  const records = await recordsOf(puller.username, 2);
  const pulls = records.filter(({ operation }) => operation === "pull");
  expect(pulls.length).toBeGreaterThanOrEqual(1);
  expect(pulls.length).toBeLessThan(10);
});

test("no secret is in the log of the server", async () => {
  const repository = await openRepository(server, `${project}/quiet`, user);
  await repository.fetch("/manifests/latest", { headers: { authorization: basicAuth(user) } });
  await server.fetch("/c/login", {
    method: "POST",
    headers: { "content-type": "application/x-www-form-urlencoded" },
    body: new URLSearchParams({ principal: user.username, password: user.password }).toString(),
  });
  const log = await server.logs();
  const encoded = basicAuth(user).slice("Basic ".length);
  for (const secret of [user.password, encoded, repository.token, server.admin.password]) {
    expect(log).not.toContain(secret);
  }
});

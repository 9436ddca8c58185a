import { afterAll, beforeAll, expect, test } from "bun:test";
import { head, sendRaw } from "../hostile/raw.ts";
import { type Breakwater, startBreakwater } from "../support/breakwater.ts";
import { createUser } from "../support/harbor.ts";
import { openRepository } from "../support/registry-client.ts";
import { refused } from "./answers.ts";

let server: Breakwater;
beforeAll(async () => {
  server = await startBreakwater();
});
afterAll(() => server[Symbol.asyncDispose]());

test("a client without a login is told where to get a token, and for what", async () => {
  const base = await server.fetch("/v2/");
  expect(base.status).toBe(401);
  expect(base.headers.get("www-authenticate")).toBe(
    `Bearer realm="${server.url}/service/token",service="harbor-registry"`,
  );
  const paths = {
    "GET /v2/library/app/manifests/latest": "repository:library/app:pull",
    "PUT /v2/library/app/manifests/latest": "repository:library/app:pull,push",
    "DELETE /v2/library/app/manifests/latest": "repository:library/app:delete",
    "POST /v2/library/app/blobs/uploads/": "repository:library/app:pull,push",
    "GET /v2/library/app/blobs/uploads/x": "repository:library/app:pull,push",
    "GET /v2/_catalog": "registry:catalog:*",
  };
  for (const [request, scope] of Object.entries(paths)) {
    const [method = "", path = ""] = request.split(" ");
    const response = await server.fetch(path, { method });
    expect(response.headers.get("www-authenticate")).toEndWith(`,scope="${scope}"`);
    expect(await refused(response)).toBe("401 UNAUTHORIZED");
  }
});

test("a login of whatever kind opens the base", async () => {
  const user = await createUser(server);
  const token = await server.token([], user);
  const basic = `Basic ${Buffer.from(`${user.username}:${user.password}`).toString("base64")}`;
  for (const authorization of [`Bearer ${token}`, `bearer ${token}`, basic]) {
    const response = await server.fetch("/v2/", { headers: { authorization } });
    expect(response.status).toBe(200);
    expect(response.headers.get("docker-distribution-api-version")).toBe("registry/2.0");
  }
});

test("the client is sent for its token to the address by which it came", async () => {
  const { text } = await sendRaw(server, head("GET /v2/ HTTP/1.1", { Host: "mirror.example:444" }));
  expect(text).toContain('realm="https://mirror.example:444/service/token"');
  const forged = await sendRaw(server, head("GET /v2/ HTTP/1.1", { Host: 'x"y' }));
  expect(forged.text).toContain(`realm="${server.url}/service/token"`);
});

test("an old client that names no Host is served", async () => {
  const health = await sendRaw(server, "GET /api/v2.0/health HTTP/1.0\r\n\r\n");
  expect(health.statuses).toEqual([200]);
  expect((await sendRaw(server, "GET /v2/ HTTP/1.0\r\n\r\n")).statuses).toEqual([401]);
});

test("a method that does nothing is refused with those that do something", async () => {
  const repository = await openRepository(server, "library/app");
  const refusals = {
    "/manifests/latest": ["POST", "GET, HEAD, PUT, DELETE"],
    "/blobs/uploads/": ["GET", "POST"],
    "/tags/list": ["DELETE", "GET"],
    "/v2/_catalog": ["PUT", "GET, HEAD"],
  } as const;
  for (const [path, [method, allow]] of Object.entries(refusals)) {
    const response = await repository.fetch(path, { method });
    expect(response.headers.get("allow")).toBe(allow);
    expect(await refused(response)).toBe("405 UNSUPPORTED");
  }
});

test("a path that leads nowhere is refused in the same form", async () => {
  for (const path of [
    "/v2/library/app",
    "/v2/library/app/nothing/here",
    "/v2/x",
    "/nothing",
    "/v2/library/app/tags/",
  ]) {
    expect(await refused(await server.fetch(path))).toBe("404 NOT_FOUND");
  }
});

test("an answer's id is in its body and in the log", async () => {
  const response = await server.fetch("/v2/library/app/manifests/latest", { method: "PUT" });
  const id = response.headers.get("x-request-id") ?? "";
  expect(id).toMatch(/^[0-9a-z-]{8,}$/);
  expect(await response.json()).toMatchObject({ request_id: id });
  const refused400 = await server.fetch("/v2/library/UPPER/tags/list");
  const logged = refused400.headers.get("x-request-id") ?? "";
  const lines = (await server.logs()).split("\n").filter((line) => line.includes(`"${logged}"`));
  expect(lines).toHaveLength(1);
  expect(JSON.parse(lines[0] ?? "")).toMatchObject({ request_id: logged, status: 400, method: "GET" });
});

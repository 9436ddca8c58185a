import { afterAll, beforeAll, expect, test } from "bun:test";
import { readFile } from "node:fs/promises";
import { parse } from "yaml";
import { type Breakwater, basicAuth, type Credentials, startBreakwater } from "../support/breakwater.ts";
import { describeUnless } from "../support/describe-unless.ts";
import { missingNotary, NotaryClient } from "./notary.ts";

const password = "Secret-12345";

/** Notary's API of a server as users run it: its two ports, its tokens, and the rights in projects. */
describeUnless(missingNotary, "trust data on a server", () => {
  let server: Breakwater;
  /** Notary's port. */
  let url: string;
  const people: Record<string, Credentials> = {};

  beforeAll(async () => {
    server = await startBreakwater();
    const config = parse(await readFile(server.configFile, "utf8")) as { notary: { port: number } };
    url = `https://localhost:${config.notary.port}`;
    await post("/projects", { project_name: "team", metadata: { public: "false" } });
    for (const [name, role] of [
      ["owner", 1],
      ["maintainer", 4],
      ["developer", 2],
      ["guest", 3],
      ["stranger", null],
    ] as const) {
      people[name] = { username: name, password };
      await post("/users", { username: name, password, email: `${name}@example.com`, realname: name });
      if (role !== null) {
        await post("/projects/team/members", { role_id: role, member_user: { username: name } });
      }
    }
  });

  afterAll(() => server[Symbol.asyncDispose]());

  async function post(path: string, body: object): Promise<void> {
    const headers = { "content-type": "application/json" };
    const response = await server.api(path, { method: "POST", headers, body: JSON.stringify(body) });
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  }

  async function ca(): Promise<string> {
    return readFile(server.caFile, "utf8");
  }

  async function notary(path: string, init: BunFetchRequestInit = {}): Promise<Response> {
    return fetch(`${url}${path}`, { tls: { ca: await ca() }, ...init });
  }

  interface Grant {
    readonly token: string;
    /** What the token says. */
    readonly access: readonly {
      readonly type: string;
      readonly name: string;
      readonly actions: readonly string[];
    }[];
  }

  async function grant(name: string, actions: string, as: Credentials | null, service = "harbor-notary") {
    const query = new URLSearchParams({ service, scope: `repository:${name}:${actions}` });
    const response = await server.fetch(`/service/token?${query}`, {
      headers: as === null ? {} : { authorization: basicAuth(as) },
    });
    expect(response.status).toBe(200);
    const { token } = (await response.json()) as { token: string };
    const payload = Buffer.from(token.split(".")[1] ?? "", "base64url").toString();
    return { token, access: (JSON.parse(payload) as Grant).access };
  }

  test("the challenge on Notary's port leads to a token for the trust data, its name verbatim", async () => {
    const response = await notary("/v2/");
    expect(response.status).toBe(401);
    expect(response.headers.get("www-authenticate")).toBe(
      `Bearer realm="${server.url}/service/token",service="harbor-notary",scope="registry:catalog:*"`,
    );
    const gun = `${server.host}/team/image`;
    for (const service of ["harbor-notary", "harbor-registry"]) {
      const { token, access } = await grant(gun, "pull,push", server.admin, service);
      expect(access).toEqual([{ type: "repository", name: gun, actions: ["pull", "push"] }]);
      const headers = { authorization: `Bearer ${token}` };
      expect((await notary("/v2/", { headers })).status).toBe(200);
      expect((await notary(`/v2/${gun}/_trust/tuf/root.json`, { headers })).status).toBe(404);
      // The registry's own port serves the same.
      expect((await server.fetch(`/v2/${gun}/_trust/tuf/root.json`, { headers })).status).toBe(404);
    }
  });

  test("rights are those in the repository; its project's administrators delete and rotate", async () => {
    const gun = `${server.host}/team/image`;
    const expected: Readonly<Record<string, readonly string[]>> = {
      owner: ["pull", "push", "*"],
      maintainer: ["pull", "push"],
      developer: ["pull", "push"],
      guest: ["pull"],
      stranger: [],
    };
    for (const [name, actions] of Object.entries(expected)) {
      const { token, access } = await grant(gun, "*", people[name] ?? null);
      expect(access.flatMap((entry) => entry.actions)).toEqual([...actions]);
      const by = (authorization: string) => async (path: string, method: string) => {
        const response = await notary(`/v2/${gun}/_trust/tuf/${path}`, {
          method,
          headers: { authorization },
        });
        return response.status !== 401;
      };
      for (const send of [by(`Bearer ${token}`), by(basicAuth(people[name] ?? server.admin))]) {
        expect(await send("root.json", "GET")).toBe(actions.includes("pull"));
        expect(await send("timestamp.key", "GET")).toBe(actions.includes("push"));
        expect(await send("", "POST")).toBe(actions.includes("push"));
        expect(await send("timestamp.key", "POST")).toBe(actions.includes("*"));
        expect(await send("", "DELETE")).toBe(actions.includes("*"));
      }
    }
  });

  test("everybody may read what is in a public project, and nobody what lies behind another host", async () => {
    const open = await grant(`${server.host}/library/image`, "pull", null);
    expect(open.access.flatMap(({ actions }) => actions)).toEqual(["pull"]);
    for (const name of [
      `${server.host}/team/image`,
      "elsewhere.example/library/image",
      `${server.host}/library`,
    ]) {
      expect((await grant(name, "pull", null)).access).toEqual([]);
    }
    for (const name of ["elsewhere.example:5000/library/image", `x${server.host}/library/image`]) {
      expect((await grant(name, "pull,push", server.admin)).access).toEqual([]);
    }
  });

  test("a token for trust data opens no repository, and one for the repository no trust data", async () => {
    const gun = `${server.host}/team/image`;
    const trust = await grant(gun, "pull,push", server.admin);
    const images = await grant("team/image", "pull,push", server.admin);
    const status = async (path: string, { token }: { token: string }) =>
      (await server.fetch(path, { headers: { authorization: `Bearer ${token}` } })).status;
    expect(await status("/v2/team/image/tags/list", trust)).toBe(401);
    expect(await status(`/v2/${gun}/_trust/tuf/root.json`, images)).toBe(401);
    expect(await status("/v2/team/image/_trust/tuf/timestamp.key", images)).toBe(401);
  });

  test("a token ends with its account", async () => {
    const gun = `${server.host}/team/image`;
    const leaver = { username: "leaver", password };
    await post("/users", { ...leaver, email: "leaver@example.com", realname: "leaver" });
    await post("/projects/team/members", { role_id: 2, member_user: { username: "leaver" } });
    const { token } = await grant(gun, "pull,push", leaver);
    const status = async () => {
      const headers = { authorization: `Bearer ${token}` };
      return (await notary(`/v2/${gun}/_trust/tuf/timestamp.key`, { headers })).status;
    };
    expect(await status()).toBe(200);
    const { user_id: id } = (await (await server.api("/users/current", {}, leaver)).json()) as {
      user_id: number;
    };
    expect((await server.api(`/users/${id}`, { method: "DELETE" })).status).toBe(200);
    expect(await status()).toBe(401);
  });

  test("the feed of all changes is for those who may see every repository", async () => {
    const status = async (as: Credentials) =>
      (await notary("/v2/_trust/changefeed?records=1", { headers: { authorization: basicAuth(as) } })).status;
    expect(await status(server.admin)).toBe(200);
    expect(await status(people.owner ?? server.admin)).toBe(401);
    expect((await notary("/v2/_trust/changefeed?records=1")).status).toBe(401);
  });

  test("Notary's port serves Notary's API and nothing else", async () => {
    for (const path of ["/api/v2.0/health", "/service/token", "/v2/team/image/tags/list", "/v2/_catalog"]) {
      expect((await notary(path)).status).toBe(404);
    }
    expect((await notary("/_notary_server/health")).status).toBe(200);
  });

  test("counts what is asked of it, under Notary's own names", async () => {
    const headers = { authorization: basicAuth(server.admin) };
    await notary(`/v2/${server.host}/team/counted/_trust/tuf/root.json`, { headers });
    const metrics = await (await fetch(`http://127.0.0.1:${server.metricsPort}/metrics`)).text();
    expect(metrics).toMatch(
      /notary_server_http_requests_total\{operation="GetRole",method="get",code="404"\} [1-9]/,
    );
    for (const name of ["request_duration_microseconds", "request_size_bytes", "response_size_bytes"]) {
      expect(metrics).toContain(`notary_server_http_${name}_sum{operation="GetRole"}`);
    }
  });

  test("the notary client publishes over either port, and what it published outlives a restart", async () => {
    const auth = (who: Credentials) => Buffer.from(`${who.username}:${who.password}`).toString("base64");
    for (const [address, name] of [
      [url, "a"],
      [server.url, "b"],
    ] as const) {
      const gun = `${server.host}/team/${name}`;
      await using client = await NotaryClient.create(address, server.caFile);
      const file = await client.file("content", "hello");
      const as = (who: Credentials) => client.as(auth(who));
      await as(people.developer ?? server.admin).ok("init", gun, "-p");
      await as(people.developer ?? server.admin).ok("add", gun, "1.0", file, "-p");
      expect(await as(people.guest ?? server.admin).ok("list", gun)).toContain("1.0");
      const rotating = await as(people.developer ?? server.admin).run("key", "rotate", gun, "snapshot", "-r");
      expect(rotating.output).toContain("you are not authorized to perform this operation");
      await as(people.owner ?? server.admin).ok("key", "rotate", gun, "snapshot", "-r");
      await server.restart();
      expect(await as(people.guest ?? server.admin).ok("list", gun)).toContain("1.0");
      await as(people.developer ?? server.admin).ok("add", gun, "2.0", file, "-p");
    }
  });
});

import { expect, test } from "bun:test";
import { decodeJwt } from "jose";
import { principalName } from "../../src/access/index.ts";
import type { RepositoryGrants } from "../../src/http/token/grant.ts";
import { createTokenRoutes } from "../../src/http/token/routes.ts";
import type { RepositoryAction } from "../../src/projects/index.ts";
import { describeOnEngines } from "../support/engines.ts";
import { administrator, basic, form, mount, newUser, openAccess, origin, password } from "./harness.ts";

describeOnEngines("the token service", (open) => {
  /** Anybody pulls from `public`, alice pushes to `hers`, admins do everything; there is no other project. */
  const grants: RepositoryGrants = async (principal, project) => {
    const all: RepositoryAction[] = ["pull", "push", "delete"];
    if (principal.kind === "user" && principal.admin && ["public", "hers"].includes(project))
      return new Set(all);
    if (project === "hers" && principalName(principal) === "alice") return new Set(["pull", "push"] as const);
    return new Set(project === "public" ? (["pull"] as const) : []);
  };

  async function openRoom() {
    const room = await openAccess(open);
    await room.access.users.ensureAdmin(password);
    await room.access.users.create(administrator, newUser("alice"));
    const send = mount(createTokenRoutes({ access: room.access, grants, service: "harbor-registry" }));
    return { room, send, [Symbol.asyncDispose]: () => room[Symbol.asyncDispose]() };
  }

  const path = (...scopes: string[]) => {
    const query = new URLSearchParams({ service: "harbor-registry" });
    for (const scope of scopes) query.append("scope", scope);
    return `/service/token?${query}`;
  };

  interface Answer {
    token: string;
    access_token: string;
    expires_in: number;
    issued_at: string;
    scope: string;
  }

  /** What the token in the answer allows: `repository:public/a:pull`. */
  async function granted(response: Response): Promise<string[]> {
    expect(response.status).toBe(200);
    return allowedBy((await response.json()) as Answer);
  }

  function allowedBy({ token }: Answer): string[] {
    const { access } = decodeJwt<{ access: { type: string; name: string; actions: string[] }[] }>(token);
    return access.map(({ type, name, actions }) => `${type}:${name}:${actions.join(",")}`);
  }

  test("the answer is Docker's and OAuth2's, and is not to be kept", async () => {
    await using service = await openRoom();
    const response = await service.send(path("repository:public/a:pull"), {
      headers: { authorization: basic("alice", password) },
    });
    expect(response.headers.get("cache-control")).toBe("no-store");
    const answer = (await response.json()) as Answer;
    expect(answer).toMatchObject({
      expires_in: 1800,
      issued_at: "2026-01-31T12:00:00.000Z",
      scope: "repository:public/a:pull",
    });
    expect(answer.access_token).toBe(answer.token);
    expect(await service.room.access.verify(answer.token)).toMatchObject({
      state: "valid",
      token: { name: "alice" },
    });
  });

  test("everybody gets what they really have, of what they ask for", async () => {
    await using service = await openRoom();
    const scopes = [
      "repository:public/a:pull,push",
      "repository:hers/b:pull,push,delete repository:hers/b/c:*",
      "repository:missing/d:pull",
      "registry:catalog:*",
    ];
    const as = (name: string) =>
      service.send(path(...scopes), { headers: { authorization: basic(name, password) } });
    expect(await granted(await service.send(path(...scopes)))).toEqual(["repository:public/a:pull"]);
    expect(await granted(await as("alice"))).toEqual([
      "repository:public/a:pull",
      "repository:hers/b:pull,push",
      "repository:hers/b/c:pull,push",
      "registry:catalog:*",
    ]);
    expect(await granted(await as("admin"))).toEqual([
      "repository:public/a:pull,push",
      "repository:hers/b:pull,push,delete",
      "repository:hers/b/c:pull,push,delete",
      "registry:catalog:*",
    ]);
  });

  test.each([
    "repository:UPPER/case:pull",
    "repository:public:pull",
    "repository:public/../hers/b:pull",
    "repository:registry.test:8443/public/a:pull",
    "repository:public/a",
    "registry:other:*",
    "unknown:public/a:pull",
    ":::",
    "repository:public/a:\u0000",
  ])("the scope %p grants nothing and breaks nothing", async (scope) => {
    await using service = await openRoom();
    const headers = { authorization: basic("admin", password) };
    expect(await granted(await service.send(path(scope), { headers }))).toEqual([]);
  });

  test("credentials without a scope are tried, as docker login does; nobody without a scope is refused", async () => {
    await using service = await openRoom();
    const login = (headers: Record<string, string>) =>
      service.send(`${path()}&account=alice&offline_token=true`, { headers });
    expect(await granted(await login({ authorization: basic("alice", password) }))).toEqual([]);
    for (const headers of [{}, { authorization: basic("alice", "wrong") }, { authorization: "Basic %%%" }]) {
      const response = await login(headers as Record<string, string>);
      expect(response.status).toBe(401);
      expect(response.headers.get("www-authenticate")).toBe('Basic realm="harbor"');
    }
  });

  test("too many wrong passwords are answered 429", async () => {
    await using service = await openRoom();
    const guess = (n: number) =>
      service.send(path(), { headers: { authorization: basic("alice", `Wrong-${n}`) } });
    for (let n = 0; n < 11; n++) expect((await guess(n)).status).toBe(401);
    expect((await guess(11)).status).toBe(429);
  });

  test("another service, and more scopes than fit, are refused", async () => {
    await using service = await openRoom();
    expect((await service.send("/service/token?service=other&scope=repository:public/a:pull")).status).toBe(
      400,
    );
    const many = Array.from({ length: 101 }, (_, n) => `repository:public/a${n}:pull`);
    expect((await service.send(path(...many))).status).toBe(400);
  });

  test("a form with a password is answered like the credentials of a GET", async () => {
    await using service = await openRoom();
    const fields = {
      grant_type: "password",
      service: "harbor-registry",
      client_id: "containerd",
      access_type: "offline",
    };
    const post = (more: Record<string, string>) =>
      service.send("/service/token", form({ ...fields, ...more }));
    const scope = "repository:hers/b:pull,push,delete";
    const answer = (await (await post({ username: "alice", password, scope })).json()) as Answer;
    expect(allowedBy(answer)).toEqual(["repository:hers/b:pull,push"]);
    expect(answer).not.toHaveProperty("refresh_token");
    expect((await post({ username: "alice", password: "wrong", scope })).status).toBe(401);
  });

  test.each([
    ["a refresh token", { grant_type: "refresh_token", refresh_token: "x" }, "unsupported_grant_type"],
    ["no grant type", { username: "alice", password }, "unsupported_grant_type"],
    ["no username", { grant_type: "password", password }, "invalid_request"],
    ["no password", { grant_type: "password", username: "alice" }, "invalid_request"],
  ])(
    "a form with %s is refused so that clients go back to GET",
    async (_, fields: Record<string, string>, error) => {
      await using service = await openRoom();
      const response = await service.send("/service/token", form(fields));
      expect(response.status).toBe(400);
      expect(await response.json()).toMatchObject({ error, errors: [{ code: "UNSUPPORTED" }] });
    },
  );

  test("a body that is no form, or too large a one, is refused", async () => {
    await using service = await openRoom();
    const json = { method: "POST", headers: { "content-type": "application/json" }, body: "{}" };
    expect((await service.send("/service/token", json)).status).toBe(400);
    expect((await service.send("/service/token", form({ grant_type: "x".repeat(100_000) }))).status).toBe(
      400,
    );
    expect((await service.send("/service/token", { method: "POST" }, origin)).status).toBe(400);
  });
});

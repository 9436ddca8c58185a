import { expect, test } from "bun:test";
import { createSessionRoutes } from "../../src/http/session/routes.ts";
import { describeOnEngines } from "../support/engines.ts";
import { administrator, audited, form, mount, newUser, openAccess, origin, password } from "./harness.ts";

describeOnEngines("the portal's login", (open) => {
  async function openRoom() {
    const room = await openAccess(open);
    const { id } = await room.access.users.create(administrator, newUser("alice"));
    const send = mount(createSessionRoutes(room.access));
    return { room, id, send, [Symbol.asyncDispose]: () => room[Symbol.asyncDispose]() };
  }

  const credentials = form({ principal: "alice", password });

  test("a login sets the cookie and gives the CSRF token; a logout ends the session", async () => {
    await using portal = await openRoom();
    const { sessions } = portal.room.access;
    const response = await portal.send("/c/login", credentials);
    expect(response.status).toBe(200);
    const cookie = response.headers.get("set-cookie") ?? "";
    expect(cookie).toMatch(/^sid=[A-Za-z0-9_-]{43}; /);
    expect(cookie.split("; ").slice(1).sort()).toEqual(["HttpOnly", "Path=/", "SameSite=Lax", "Secure"]);
    const id = cookie.slice(4, 47);
    expect(await sessions.find(id)).toEqual({
      principal: { kind: "user", id: portal.id, name: "alice", admin: false },
      csrfToken: response.headers.get("x-harbor-csrf-token") ?? "",
    });
    const out = await portal.send("/c/log_out", { headers: { cookie: `sid=${id}` } });
    expect(out.status).toBe(200);
    expect(out.headers.get("set-cookie")).toContain("sid=; Max-Age=0");
    expect(await sessions.find(id)).toBeNull();
    const operations = (await audited(portal.room.database)).map(({ operation }) => operation);
    expect(operations).toEqual(["create", "login", "logout"]);
  });

  test("without TLS the cookie can be sent without TLS", async () => {
    await using portal = await openRoom();
    const response = await portal.send("/c/login", credentials, { ...origin, secure: false });
    expect(response.headers.get("set-cookie")).not.toContain("Secure");
  });

  test("each login is verified and recorded, also when the credentials were used a moment ago", async () => {
    await using portal = await openRoom();
    await portal.room.access.credentials.authenticate("alice", password, origin);
    await portal.send("/c/login", credentials);
    const logins = (await audited(portal.room.database)).filter(({ operation }) => operation === "login");
    expect(logins).toHaveLength(2);
  });

  test("wrong credentials, none, and those of a robot open no session", async () => {
    await using portal = await openRoom();
    const { robots } = portal.room.access;
    const permissions = [
      { kind: "project", namespace: "*", resource: "repository", action: "pull" } as const,
    ];
    const settings = { description: "", duration: -1, disabled: false, permissions };
    const { secret } = await robots.create(administrator, { ...settings, name: "ci", project: null });
    for (const fields of [
      { principal: "alice", password: "wrong" },
      { principal: "robot$ci", password: secret },
      {},
    ]) {
      const response = await portal.send("/c/login", form(fields as Record<string, string>));
      expect(response.status).toBe(401);
      expect(response.headers.get("set-cookie")).toBeNull();
    }
  });

  test("another site cannot log anybody in, and a logout without a session is no error", async () => {
    await using portal = await openRoom();
    const foreign = { ...credentials, headers: { "sec-fetch-site": "cross-site" } };
    expect((await portal.send("/c/login", foreign)).status).toBe(403);
    expect((await portal.send("/c/log_out")).status).toBe(200);
  });
});

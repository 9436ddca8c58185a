import { expect, test } from "bun:test";
import fc from "fast-check";
import { authenticate } from "../../src/http/authenticate.ts";
import { parseBasic } from "../../src/http/basic-credentials.ts";
import { describeOnEngines } from "../support/engines.ts";
import { administrator, basic, newUser, openAccess, origin, password, refusal } from "./harness.ts";

describeOnEngines("authentication", (open) => {
  const request = (headers: Record<string, string>, method = "GET") =>
    new Request("https://r.test/x", { method, headers });

  test("Basic credentials, a session, or nobody", async () => {
    await using room = await openAccess(open);
    const { users, sessions } = room.access;
    const { id } = await users.create(administrator, newUser("alice"));
    const sid = await sessions.open(id);
    const as = (headers: Record<string, string>) => authenticate(room.access, request(headers), origin);
    expect(await as({})).toEqual({ via: "none", principal: { kind: "anonymous" } });
    expect(await as({ authorization: basic("alice", password) })).toMatchObject({
      via: "basic",
      principal: { id },
    });
    expect(await as({ cookie: `lang=en; sid=${sid}` })).toMatchObject({ via: "session", principal: { id } });
    expect(await as({ cookie: "sid=unknown" })).toMatchObject({ via: "none" });
    expect(await refusal(as({ authorization: basic("alice", "wrong"), cookie: `sid=${sid}` }))).toBe(
      "UNAUTHORIZED",
    );
    expect(await refusal(as({ authorization: "Bearer abc", cookie: `sid=${sid}` }))).toBe("UNAUTHORIZED");
  });

  test("a change by session needs the session's CSRF token; by Basic credentials it does not", async () => {
    await using room = await openAccess(open);
    const { users, sessions } = room.access;
    const { id } = await users.create(administrator, newUser("alice"));
    const [sid, other] = [await sessions.open(id), await sessions.open(id)];
    const by = (method: string, headers: Record<string, string>) =>
      authenticate(room.access, request({ cookie: `sid=${sid}`, ...headers }, method), origin);
    for (const method of ["POST", "PUT", "PATCH", "DELETE"]) {
      expect(await refusal(by(method, {}))).toBe("FORBIDDEN");
      expect(await refusal(by(method, { "x-harbor-csrf-token": sessions.csrfTokenOf(other) }))).toBe(
        "FORBIDDEN",
      );
      const token = sessions.csrfTokenOf(sid);
      expect(await by(method, { "X-Harbor-CSRF-Token": token })).toMatchObject({
        via: "session",
        csrfToken: token,
      });
      expect(await by(method, { authorization: basic("alice", password) })).toMatchObject({ via: "basic" });
    }
    expect(await by("HEAD", {})).toMatchObject({ via: "session" });
  });

  const encode = (text: string | Uint8Array) => `Basic ${Buffer.from(text).toString("base64")}`;

  test.each([
    ["another scheme", "Bearer abc"],
    ["no credentials", "Basic"],
    ["no credentials after a space", "Basic "],
    ["what is not base64", "Basic !!!!"],
    ["two values", "Basic YTpi YTpi"],
    ["no colon", encode("alice")],
    ["no name", encode(":secret")],
    ["NUL", encode("ali\0ce:secret")],
    ["a line break", encode("alice:sec\nret")],
    ["what is not UTF-8", encode(new Uint8Array([0xff, 0x3a, 0xfe]))],
    ["ten megabytes", encode("a:".repeat(5_000_000))],
  ])("%s is not Basic credentials", (_, header) => {
    expect(parseBasic(header)).toBeNull();
  });

  test("Basic credentials are read as they were written, and nothing breaks it", () => {
    const name = fc.string({ minLength: 1, unit: "grapheme" }).filter((text) => !/[:\p{Cc}]/u.test(text));
    const secret = fc.string({ unit: "grapheme" }).filter((text) => !/\p{Cc}/u.test(text));
    fc.assert(
      fc.property(name, secret, (name, password) => {
        expect(parseBasic(encode(`${name}:${password}`))).toEqual({ name, password });
      }),
    );
    fc.assert(fc.property(fc.string(), (text) => void parseBasic(`Basic ${text}`)));
  });
});

import { afterAll, beforeAll, expect, test } from "bun:test";
import fc from "fast-check";
import { describeOnEngines } from "../support/engines.ts";
import { type ApiFixture, openApi } from "./fixture.ts";

describeOnEngines("the API: hostile input", (open) => {
  let fixture: ApiFixture;
  const endpoints: { method: string; path: string }[] = [];
  beforeAll(async () => {
    fixture = await openApi(open, { healthChecks: [{ name: "core", check: async () => {} }] });
    const document = (await (await fixture.anonymous.get("/openapi.json")).json()) as {
      paths: Record<string, Record<string, object>>;
    };
    for (const [path, methods] of Object.entries(document.paths)) {
      for (const method of Object.keys(methods)) endpoints.push({ method: method.toUpperCase(), path });
    }
  });
  afterAll(() => fixture[Symbol.asyncDispose]());

  const signs = fc.constantFrom(..."abzAZ019-_.~%/\\'\"<>[]{}()=&?#+,; \u0000\r\nä\u{1f680}");
  const text = fc.oneof(
    fc.string(),
    fc.string({ unit: signs }),
    fc.constantFrom(
      "..",
      "%00",
      "%zz",
      "1",
      "-1",
      "9".repeat(30),
      "__proto__",
      "constructor",
      "a".repeat(3000),
    ),
  );
  const value: fc.Arbitrary<unknown> = fc.oneof(
    text,
    fc.double(),
    fc.integer(),
    fc.boolean(),
    fc.constant(null),
  );
  const fields = [
    ...["project_name", "metadata", "storage_limit", "public", "cve_allowlist", "username", "password"],
    ...["email", "realname", "comment", "role_id", "member_user", "user_id", "name", "scope", "project_id"],
    ...["level", "duration", "permissions", "access", "secret", "hard", "storage", "sysadmin_flag", "items"],
  ];
  const field = fc.oneof(fc.constantFrom(...fields), text);
  const body = fc.oneof(
    text,
    fc
      .dictionary(field, fc.oneof(value, fc.array(value, { maxLength: 3 }), fc.dictionary(field, value)))
      .map((object) => JSON.stringify(object)),
  );

  test("whatever is sent to any endpoint, the server does not fail", async () => {
    const request = fc.record({
      endpoint: fc.nat(),
      segments: fc.array(text, { minLength: 3, maxLength: 3 }),
      query: fc.dictionary(
        fc.constantFrom(
          "q",
          "sort",
          "page",
          "page_size",
          "name",
          "public",
          "scope",
          "username",
          "project_id",
        ),
        text,
      ),
      body,
      raw: fc.boolean(),
    });
    const authorization = `Basic ${btoa("admin:Secret-12345")}`;
    await fc.assert(
      fc.asyncProperty(request, async ({ endpoint, segments, query, body, raw }) => {
        const { method = "GET", path = "" } = endpoints[endpoint % endpoints.length] ?? {};
        // The administrator's own account has to last.
        fc.pre(!(path.startsWith("/api/v2.0/users/") && method !== "GET"));
        const rest = [...segments];
        const filled = path.replace(/\{[^}]+\}/g, () => {
          const segment = rest.shift() ?? "";
          return raw ? segment.replace(/[?#\s]/g, "") : encodeURIComponent(segment);
        });
        const response = await fixture.api.request(
          `${filled}?${new URLSearchParams(query)}`,
          {
            method,
            headers: { authorization, "content-type": "application/json" },
            ...(method === "GET" || method === "HEAD" ? {} : { body }),
          },
          { address: "192.0.2.7", requestId: "r7", secure: true },
        );
        expect(response.status, `${method} ${filled}`).toBeLessThan(500);
      }),
      { numRuns: 3000 },
    );
  });

  test("endpoints that take a user's account stand the same", async () => {
    const victim = await fixture.user("victim");
    await fc.assert(
      fc.asyncProperty(body, async (body) => {
        for (const path of ["", "/password", "/sysadmin"]) {
          const response = await victim.put(`/users/${victim.id}${path}`, body);
          expect(response.status).toBeLessThan(500);
        }
      }),
      { numRuns: 200 },
    );
  }, 60_000);
});

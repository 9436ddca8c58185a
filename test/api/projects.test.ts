import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { addRepository } from "../projects/fixture.ts";
import { describeOnEngines } from "../support/engines.ts";
import { type ApiFixture, type Client, namesIn, openApi, refusalOf } from "./fixture.ts";

describeOnEngines("the API: projects", (open) => {
  let fixture: ApiFixture;
  let admin: Client;
  let alice: Client;
  let bob: Client;
  beforeAll(async () => {
    fixture = await openApi(open);
    admin = fixture.admin;
    alice = await fixture.user("alice");
    bob = await fixture.user("bob");
  });
  afterAll(() => fixture[Symbol.asyncDispose]());

  async function create(client: Client, name: string, body: object = {}): Promise<number> {
    const response = await client.post("/projects", { project_name: name, ...body });
    expect(response.status, await response.clone().text()).toBe(201);
    return Number(response.headers.get("location")?.split("/").pop());
  }

  describe("POST /projects", () => {
    test("answers where the project is, by id or, when asked, by name", async () => {
      const id = await create(alice, "located");
      const byId = await alice.get(`/projects/${id}`);
      expect(((await byId.json()) as { name: string }).name).toBe("located");
      const header = { "X-Resource-Name-In-Location": "true" };
      const response = await alice.post("/projects", { project_name: "by-name" }, header);
      expect(response.headers.get("location")).toBe("/api/v2.0/projects/by-name");
    });

    test("takes what Harbor's portal sends", async () => {
      const response = await alice.post("/projects", {
        project_name: "from-portal",
        metadata: { public: "true", severity: null },
        storage_limit: -1,
        registry_id: null,
      });
      expect(response.status).toBe(201);
    });

    test("public may be said at the top too, as replication does", async () => {
      const id = await create(alice, "replicated", { public: true });
      const body = (await (await alice.get(`/projects/${id}`)).json()) as { metadata: object };
      expect(body.metadata).toEqual({ public: "true" });
    });

    test("only administrators decide the limit", async () => {
      const byAlice = await create(alice, "limit-alice", { storage_limit: 5 });
      const byAdmin = await create(admin, "limit-admin", { storage_limit: 5 });
      const limitOf = async (id: number) =>
        ((await (await admin.get(`/quotas/${id}`)).json()) as { hard: { storage: number } }).hard.storage;
      expect(await limitOf(byAlice)).toBe(-1);
      expect(await limitOf(byAdmin)).toBe(5);
    });

    test("a robot that may creates it for the first administrator", async () => {
      const creator = await fixture.robot("creator", "/ project:create");
      const id = await create(creator, "by-robot");
      const body = (await (await admin.get(`/projects/${id}`)).json()) as { owner_name: string };
      expect(body.owner_name).toBe("admin");
      const other = await fixture.robot("other", "* repository:pull");
      expect(await refusalOf(await other.post("/projects", { project_name: "no" }))).toBe("403 FORBIDDEN");
    });

    test.each([
      [{}, "400 BAD_REQUEST"],
      [{ project_name: "Upper" }, "400 BAD_REQUEST"],
      [{ project_name: "located" }, "409 CONFLICT"],
      [{ project_name: 7 }, "400 BAD_REQUEST"],
      [{ project_name: "x", metadata: { public: "perhaps" } }, "400 BAD_REQUEST"],
      [{ project_name: "x", metadata: { retention_id: "1" } }, "400 BAD_REQUEST"],
      [{ project_name: "x", registry_id: 1 }, "400 BAD_REQUEST"],
      ["{", "400 BAD_REQUEST"],
      ["[".repeat(100_000), "400 BAD_REQUEST"],
      ["null", "400 BAD_REQUEST"],
    ])("refuses %j", async (body, refusal) => {
      expect(await refusalOf(await alice.post("/projects", body))).toBe(refusal);
    });

    test("a body must say that it is JSON, and be no larger than 1 MiB", async () => {
      const plain = await alice.post("/projects", "{}", { "content-type": "text/plain" });
      expect(await refusalOf(plain)).toBe("400 BAD_REQUEST");
      const large = await alice.post("/projects", { project_name: "a".repeat(1024 * 1024) });
      expect(await refusalOf(large)).toBe("400 BAD_REQUEST");
    });

    test("is not for the anonymous", async () => {
      const response = await fixture.anonymous.post("/projects", { project_name: "x" });
      expect(await refusalOf(response)).toBe("401 UNAUTHORIZED");
    });
  });

  describe("GET /projects/{project_name_or_id}", () => {
    test("has Harbor's fields", async () => {
      const id = await create(alice, "fields", { metadata: { auto_scan: "true" } });
      const response = await alice.get("/projects/fields");
      expect(await response.json()).toEqual({
        project_id: id,
        owner_id: alice.id,
        owner_name: "alice",
        name: "fields",
        creation_time: "2024-10-04T00:00:00.000Z",
        update_time: "2024-10-04T00:00:00.000Z",
        current_user_role_id: 1,
        current_user_role_ids: [1],
        repo_count: 0,
        metadata: { public: "false", auto_scan: "true" },
        cve_allowlist: {
          id,
          project_id: id,
          expires_at: null,
          items: [],
          creation_time: "2024-10-04T00:00:00.000Z",
          update_time: "2024-10-04T00:00:00.000Z",
        },
      });
    });

    test("a number is an id, unless the header says that it is a name", async () => {
      await create(alice, "4711");
      const header = { "X-Is-Resource-Name": "true" };
      expect((await admin.get("/projects/4711")).status).toBe(404);
      expect((await alice.get("/projects/4711", header)).status).toBe(200);
    });

    test("what is hidden and what does not exist are answered alike", async () => {
      const id = await create(alice, "hidden");
      const ask = async (client: Client, path: string) => {
        const response = await client.get(path);
        const { errors } = (await response.json()) as { errors: { message: string }[] };
        return `${response.status} ${errors[0]?.message}`.replace(/hidden|absent|\d{2,}|\b\d\b/g, "…");
      };
      for (const client of [bob, fixture.anonymous]) {
        expect(await ask(client, "/projects/hidden")).toBe(await ask(client, "/projects/absent"));
        expect(await ask(client, `/projects/${id}`)).toBe(await ask(client, "/projects/99999"));
        expect(await ask(client, `/projects/${id}`)).not.toContain("hidden");
      }
      expect((await bob.get("/projects/hidden")).status).toBe(403);
      expect((await fixture.anonymous.get("/projects/hidden")).status).toBe(401);
      expect((await admin.get("/projects/absent")).status).toBe(404);
    });
  });

  describe("GET /projects", () => {
    test("pages, with Harbor's headers", async () => {
      for (let i = 1; i <= 5; i++) await create(bob, `page-${i}`);
      const response = await bob.get("/projects?page=2&page_size=2&q=name%3D~page-&sort=-name");
      expect(response.headers.get("x-total-count")).toBe("5");
      expect(response.headers.get("link")).toBe(
        '</api/v2.0/projects?page=1&page_size=2&q=name=~page-&sort=-name>; rel="prev" , ' +
          '</api/v2.0/projects?page=3&page_size=2&q=name=~page-&sort=-name>; rel="next"',
      );
      expect(await namesIn(response)).toEqual(["page-3", "page-2"]);
    });

    test("a link leads to the next page", async () => {
      const seen: string[] = [];
      for (let path = "/projects?page_size=2&name=page-"; path !== ""; ) {
        const response = await bob.get(path);
        const next = /<\/api\/v2\.0([^>]+)>; rel="next"/.exec(response.headers.get("link") ?? "");
        path = next?.[1] ?? "";
        seen.push(...(await namesIn(response)));
      }
      expect(seen).toEqual(["page-1", "page-2", "page-3", "page-4", "page-5"]);
    });

    test("filters by owner and public, by Harbor's parameters and by q", async () => {
      await create(alice, "filter-public", { metadata: { public: "true" } });
      expect(await namesIn(await admin.get("/projects?name=filter&public=true&owner=alice"))).toEqual([
        "filter-public",
      ]);
      expect(await namesIn(await admin.get("/projects?name=filter&public=false"))).toEqual([]);
      expect(await namesIn(await admin.get("/projects?q=name=~filter,owner=alice"))).toEqual([
        "filter-public",
      ]);
      expect(await namesIn(await fixture.anonymous.get("/projects?public=false"))).toEqual([]);
    });

    test.each([
      "page_size=101",
      "page_size=ten",
      "page=1e3",
      "page=1&page=2",
      "public=maybe",
      "q=name",
      "q=%00=%00",
      "q=project_id=x",
      `q=${"a=b,".repeat(40)}a=b`,
    ])("refuses ?%s", async (query) => {
      expect(await refusalOf(await alice.get(`/projects?${query}`))).toBe("400 BAD_REQUEST");
    });

    test("a query cannot break out of its Link header", async () => {
      const response = await admin.get(
        `/projects?page_size=1&with=${encodeURIComponent('>; rel="x"\r\nA: b')}`,
      );
      expect(response.status).toBe(200);
      expect(response.headers.get("link")?.match(/>/g)).toHaveLength(1);
      expect(response.headers.get("a")).toBeNull();
    });
  });

  describe("HEAD /projects", () => {
    test("tells whether a name is taken", async () => {
      await create(alice, "taken");
      expect((await bob.head("/projects?project_name=taken")).status).toBe(200);
      expect((await bob.head("/projects?project_name=free")).status).toBe(404);
      expect((await bob.head("/projects")).status).toBe(400);
      expect((await fixture.anonymous.head("/projects?project_name=taken")).status).toBe(401);
    });
  });

  describe("PUT and DELETE /projects/{project_name_or_id}", () => {
    test("changes what is given", async () => {
      const id = await create(alice, "changing");
      const change = {
        project_name: "ignored",
        metadata: { public: "true", severity: "high", enable_content_trust: null },
        cve_allowlist: { project_id: 0, items: [{ cve_id: "CVE-2019-10164" }], expires_at: null },
      };
      expect((await alice.put(`/projects/${id}`, change)).status).toBe(200);
      const body = (await (await alice.get(`/projects/${id}`)).json()) as Record<string, unknown>;
      expect(body).toMatchObject({
        name: "changing",
        metadata: { public: "true", severity: "high" },
        cve_allowlist: { items: [{ cve_id: "CVE-2019-10164" }] },
      });
      const foreign = { cve_allowlist: { project_id: id + 1, items: [] } };
      expect(await refusalOf(await alice.put(`/projects/${id}`, foreign))).toBe("400 BAD_REQUEST");
      expect(await refusalOf(await bob.put(`/projects/${id}`, {}))).toBe("403 FORBIDDEN");
    });

    test("a project with repositories stays", async () => {
      const id = await create(alice, "busy");
      await addRepository(fixture.rooms.database, id, "busy/app");
      const deletable = await alice.get("/projects/busy/_deletable");
      expect(await deletable.json()).toEqual({
        deletable: false,
        message: "The project busy contains 1 repository and cannot be deleted; delete them first.",
      });
      expect(await refusalOf(await alice.delete("/projects/busy"))).toBe("412 PRECONDITION");
      await fixture.rooms.database.write((tx) => tx.deleteFrom("repository").execute());
      expect(await (await alice.get("/projects/busy/_deletable")).json()).toEqual({ deletable: true });
      expect((await alice.delete("/projects/busy")).status).toBe(200);
      expect((await admin.get("/projects/busy")).status).toBe(404);
    });
  });

  describe("GET /projects/{project_name_or_id}/summary", () => {
    test("tells each what they may know", async () => {
      const id = await create(alice, "summed", { metadata: { public: "true" } });
      await alice.post(`/projects/${id}/members`, { role_id: 5, member_user: { username: "bob" } });
      expect(await (await alice.get("/projects/summed/summary")).json()).toEqual({
        repo_count: 0,
        project_admin_count: 1,
        maintainer_count: 0,
        developer_count: 0,
        guest_count: 0,
        limited_guest_count: 1,
        quota: { hard: { storage: -1 }, used: { storage: 0 } },
      });
      expect(await (await bob.get("/projects/summed/summary")).json()).toEqual({
        repo_count: 0,
        quota: { hard: { storage: -1 }, used: { storage: 0 } },
      });
      expect(await (await fixture.anonymous.get("/projects/summed/summary")).json()).toEqual({
        repo_count: 0,
      });
    });
  });

  describe("/projects/{project_name_or_id}/metadatas", () => {
    test("lists, adds, changes and removes", async () => {
      await create(alice, "meta");
      const path = "/projects/meta/metadatas";
      expect((await alice.post(`${path}/`, { auto_scan: "true" })).status).toBe(200);
      expect(await refusalOf(await alice.post(path, { auto_scan: "true" }))).toBe("409 CONFLICT");
      expect(await (await alice.get(`${path}/`)).json()).toEqual({ public: "false", auto_scan: "true" });
      expect((await alice.put(`${path}/auto_scan`, { auto_scan: "false" })).status).toBe(200);
      expect(await (await alice.get(`${path}/auto_scan`)).json()).toEqual({ auto_scan: "false" });
      expect((await alice.delete(`${path}/auto_scan`)).status).toBe(200);
      expect(await (await alice.get(`${path}/auto_scan`)).json()).toEqual({});
      expect(await refusalOf(await alice.put(`${path}/auto_scan`, { auto_scan: "true" }))).toBe(
        "404 NOT_FOUND",
      );
    });

    test.each([
      [{}],
      [{ a: "1", b: "2" }],
      [{ retention_id: "1" }],
      [{ unknown: "1" }],
      [{ severity: "dire" }],
    ])("refuses %j", async (body) => {
      await alice.post("/projects", { project_name: "meta-refusals" });
      expect(await refusalOf(await alice.post("/projects/meta-refusals/metadatas/", body))).toBe(
        "400 BAD_REQUEST",
      );
    });
  });
});

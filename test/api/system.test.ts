import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { addRepository } from "../projects/fixture.ts";
import { describeOnEngines } from "../support/engines.ts";
import { type ApiFixture, type Client, certificate, openApi, password, refusalOf } from "./fixture.ts";

describeOnEngines("the API: system", (open) => {
  let fixture: ApiFixture;
  let alice: Client;
  beforeAll(async () => {
    fixture = await openApi(open);
    alice = await fixture.user("alice");
  });
  afterAll(() => fixture[Symbol.asyncDispose]());

  describe("who need not log in", () => {
    test("may ping", async () => {
      const response = await fixture.anonymous.get("/ping");
      expect(response.headers.get("content-type")).toStartWith("text/plain");
      expect(await response.text()).toBe("Pong");
    });

    test("may fetch the authority's certificate, where there is one", async () => {
      const response = await fixture.anonymous.get("/systeminfo/getcert");
      expect(response.headers.get("content-disposition")).toBe("attachment; filename=ca.crt");
      expect(await response.text()).toBe(certificate);
      await using without = await openApi(open, { caCertificate: null });
      expect(await refusalOf(await without.anonymous.get("/systeminfo/getcert"))).toBe("404 NOT_FOUND");
    });

    test("are told how to log in and no more", async () => {
      const short = {
        auth_mode: "db_auth",
        primary_auth_mode: false,
        self_registration: false,
        banner_message: "",
        oidc_provider_name: "",
      };
      expect(await (await fixture.anonymous.get("/systeminfo")).json()).toEqual(short);
      expect(await (await alice.get("/systeminfo")).json()).toEqual({
        ...short,
        current_time: "2024-10-04T00:00:00.000Z",
        registry_url: "registry.example:8443",
        external_url: "https://registry.example:8443",
        project_creation_restriction: "everyone",
        has_ca_root: true,
        harbor_version: "v2.16.0-breakwater-0.1.0",
        registry_storage_provider_name: "filesystem",
        read_only: false,
        notification_enable: false,
      });
    });
  });

  describe("GET /health", () => {
    test("asks every part and names the one that fails, with 200", async () => {
      await using broken = await openApi(open, {
        healthChecks: [
          { name: "registry", check: () => Promise.reject(new Error("The volume is gone.")) },
          { name: "database", check: async () => {} },
        ],
      });
      const response = await broken.anonymous.get("/health");
      expect(response.status).toBe(200);
      expect(await response.json()).toEqual({
        status: "unhealthy",
        components: [
          { name: "database", status: "healthy" },
          { name: "registry", status: "unhealthy", error: "The volume is gone." },
        ],
      });
    });
  });

  describe("what administrators see", () => {
    test("volumes", async () => {
      const response = await fixture.admin.get("/systeminfo/volumes");
      expect(await response.json()).toEqual({ storage: [{ total: 1000, free: 400 }] });
      expect(await refusalOf(await alice.get("/systeminfo/volumes"))).toBe("403 FORBIDDEN");
    });

    test("configurations", async () => {
      const response = await fixture.admin.get("/configurations");
      expect(await response.json()).toMatchObject({
        auth_mode: { value: "db_auth", editable: false },
        robot_name_prefix: { value: "robot$", editable: false },
        token_expiration: { value: 30, editable: false },
      });
      expect(await refusalOf(await alice.get("/configurations"))).toBe("403 FORBIDDEN");
      expect(await refusalOf(await fixture.anonymous.get("/configurations"))).toBe("401 UNAUTHORIZED");
    });
  });

  describe("statistics and search", () => {
    test("tell each what they may know", async () => {
      await using own = await openApi(open);
      const bob = await own.user("bob");
      const location = await bob.post("/projects", { project_name: "bobs" });
      const id = Number(location.headers.get("location")?.split("/").pop());
      await own.admin.post("/projects", { project_name: "open", metadata: { public: "true" } });
      await addRepository(own.rooms.database, id, "bobs/open-source");
      const counts = async (client: Client) =>
        Object.values((await (await client.get("/statistics")).json()) as Record<string, number>);
      // public projects and repositories, private ones, all of them, bytes
      expect(await counts(bob)).toEqual([1, 0, 1, 1, 0, 0, 0]);
      expect(await counts(own.admin)).toEqual([1, 0, 1, 1, 2, 1, 0]);
      expect(await counts(await own.user("carol"))).toEqual([1, 0, 0, 0, 0, 0, 0]);
      expect(await refusalOf(await own.anonymous.get("/statistics"))).toBe("401 UNAUTHORIZED");

      const search = async (client: Client, q: string) => {
        const found = (await (await client.get(`/search?q=${encodeURIComponent(q)}`)).json()) as {
          project: { name: string }[];
          repository: { repository_name: string }[];
        };
        return [found.project.map(({ name }) => name), found.repository.map((one) => one.repository_name)];
      };
      expect(await search(bob, "OPEN")).toEqual([["open"], ["bobs/open-source"]]);
      expect(await search(own.anonymous, "open")).toEqual([["open"], []]);
      expect(await search(bob, "%")).toEqual([[], []]);
      expect(await refusalOf(await bob.get("/search"))).toBe("400 BAD_REQUEST");
    });
  });

  describe("authentication", () => {
    test("wrong credentials are refused, also where none are needed", async () => {
      const send = (authorization: string) =>
        fixture.anonymous.get("/projects", { authorization }).then((response) => refusalOf(response));
      expect(await send(`Basic ${btoa("alice:wrong")}`)).toBe("401 UNAUTHORIZED");
      expect(await send("Bearer x")).toBe("401 UNAUTHORIZED");
    });

    test("a session changes nothing without its CSRF token, which every answer carries", async () => {
      const { access } = fixture.rooms;
      const cookie = `sid=${await access.sessions.open(alice.id)}`;
      const seen = await fixture.anonymous.get("/users/current", { cookie });
      const token = seen.headers.get("x-harbor-csrf-token") ?? "";
      expect(((await seen.json()) as { username: string }).username).toBe("alice");
      const create = (headers: Record<string, string>) =>
        fixture.anonymous.post("/projects", { project_name: "by-session" }, { cookie, ...headers });
      expect(await refusalOf(await create({}))).toBe("403 FORBIDDEN");
      expect((await create({ "x-harbor-csrf-token": token })).status).toBe(201);
    });
  });

  describe("paths and methods", () => {
    const origin = { address: "", requestId: "r1", secure: true };

    test("OPTIONS tells what there is, another method is refused, and nothing is nothing", async () => {
      const options = await fixture.api.request("/api/v2.0/users/current", { method: "OPTIONS" }, origin);
      expect(options.status).toBe(204);
      // A path with a parameter is there too: `current` is no user's id, but that is the path's to say.
      expect(options.headers.get("allow")).toBe("DELETE, GET, HEAD, OPTIONS, PUT");
      const wrong = await fixture.api.request("/api/v2.0/ping", { method: "DELETE" }, origin);
      expect(wrong.headers.get("allow")).toBe("GET, HEAD, OPTIONS");
      expect(await refusalOf(wrong)).toBe("405 UNSUPPORTED");
      expect(await refusalOf(await fixture.anonymous.get("/nothing"))).toBe("404 NOT_FOUND");
    });

    test("HEAD answers what GET does, without the body", async () => {
      const response = await alice.head("/labels?scope=g");
      expect(response.status).toBe(200);
      expect(response.headers.get("x-total-count")).toBe("0");
      expect(await response.text()).toBe("");
    });

    test("refusals carry the request's id", async () => {
      const body = await (await fixture.anonymous.get("/nothing")).json();
      expect(body).toMatchObject({ request_id: "r7" });
    });
  });

  describe("GET /openapi.json", () => {
    test("describes every endpoint, under its whole path", async () => {
      const document = (await (await fixture.anonymous.get("/openapi.json")).json()) as {
        openapi: string;
        paths: Record<string, Record<string, { summary?: string; responses: object }>>;
        components: { schemas: Record<string, unknown> };
      };
      expect(document.openapi).toBe("3.0.3");
      expect(Object.keys(document.paths)).toContain("/api/v2.0/projects/{project_name_or_id}/members/{mid}");
      expect(Object.keys(document.paths["/api/v2.0/projects"] ?? {}).sort()).toEqual(["get", "head", "post"]);
      expect(Object.keys(document.components.schemas)).toContain("ProjectMetadata");
      for (const [path, methods] of Object.entries(document.paths)) {
        for (const [method, operation] of Object.entries(methods)) {
          expect(operation.summary, `${method} ${path}`).toBeString();
        }
      }
    });
  });

  test("passwords are never in an answer or in the audit log", async () => {
    const answers = [
      await alice.get("/users/current"),
      await fixture.admin.get("/users"),
      await fixture.admin.get("/audit-logs?page_size=100"),
    ];
    for (const answer of answers) expect(await answer.text()).not.toMatch(new RegExp(`${password}|argon2`));
  });
});

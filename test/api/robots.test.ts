import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { describeOnEngines } from "../support/engines.ts";
import { type ApiFixture, type Client, namesIn, openApi, refusalOf } from "./fixture.ts";

describeOnEngines("the API: robots", (open) => {
  let fixture: ApiFixture;
  let admin: Client;
  let alice: Client;
  let bob: Client;
  let team: number;
  beforeAll(async () => {
    fixture = await openApi(open);
    admin = fixture.admin;
    alice = await fixture.user("alice");
    bob = await fixture.user("bob");
    const created = await alice.post("/projects", { project_name: "team" });
    team = Number(created.headers.get("location")?.split("/").pop());
  });
  afterAll(() => fixture[Symbol.asyncDispose]());

  function request(name: string, ...rights: string[]) {
    const access = rights.map((right) => {
      const [resource, action] = right.split(":");
      return { resource, action };
    });
    const permissions = [{ kind: "project", namespace: "team", access }];
    return { name, level: "project", duration: 7, description: "", disable: false, permissions };
  }

  interface Created {
    readonly id: number;
    readonly name: string;
    readonly secret: string;
  }

  async function create(client: Client, body: object): Promise<Created> {
    const response = await client.post("/robots", body);
    expect(response.status, await response.clone().text()).toBe(201);
    return (await response.json()) as Created;
  }

  function login({ name, secret }: Created): Promise<Response> {
    return fixture.anonymous.get("/projects/team", { authorization: `Basic ${btoa(`${name}:${secret}`)}` });
  }

  describe("a project's robot", () => {
    test("is created with a secret that is told once, and works", async () => {
      const response = await alice.post("/robots", request("ci", "project:read", "repository:pull"));
      expect(response.status).toBe(201);
      const robot = (await response.json()) as Created;
      expect(robot as object).toEqual({
        id: expect.any(Number),
        name: "robot$team+ci",
        secret: expect.stringMatching(/^[A-Za-z0-9]{32}$/),
        creation_time: "2024-10-04T00:00:00.000Z",
        expires_at: Date.parse("2024-10-11T00:00:00Z") / 1000,
      });
      expect(response.headers.get("location")).toBe(`/api/v2.0/robots/${robot.id}`);
      expect((await login(robot)).status).toBe(200);
      const read = await alice.get(`/robots/${robot.id}`);
      expect(await read.json()).toEqual({
        id: robot.id,
        name: "robot$team+ci",
        description: "",
        level: "project",
        duration: 7,
        editable: true,
        disable: false,
        expires_at: Date.parse("2024-10-11T00:00:00Z") / 1000,
        permissions: [
          {
            kind: "project",
            namespace: "team",
            access: [
              { resource: "project", action: "read" },
              { resource: "repository", action: "pull" },
            ],
          },
        ],
        creator_type: "local",
        creation_time: "2024-10-04T00:00:00.000Z",
        update_time: "2024-10-04T00:00:00.000Z",
      });
    });

    test("is listed for its project, of which outsiders see nothing", async () => {
      await create(alice, request("listed", "repository:pull"));
      const path = `/robots?q=Level=project,ProjectID=${team}`;
      expect(await namesIn(await alice.get(path))).toContain("robot$team+listed");
      expect(await namesIn(await admin.get("/robots"))).not.toContain("robot$team+listed");
      expect(await refusalOf(await bob.get(path))).toBe("403 FORBIDDEN");
      expect(await refusalOf(await alice.get("/robots"))).toBe("403 FORBIDDEN");
      expect(await refusalOf(await alice.get("/robots?q=Level=project"))).toBe("400 BAD_REQUEST");
      expect(await refusalOf(await alice.get("/robots?q=Level=~project"))).toBe("400 BAD_REQUEST");
    });

    test("is changed, but not its name, level or project", async () => {
      const robot = await create(alice, request("changing", "project:read"));
      const path = `/robots/${robot.id}`;
      const change = { ...request(robot.name, "project:read", "tag:list"), duration: -1, disable: true };
      expect((await alice.put(path, change)).status).toBe(200);
      expect(await (await alice.get(path)).json()).toMatchObject({ expires_at: -1, disable: true });
      expect((await login(robot)).status).toBe(401);
      const { duration: _, ...withoutDuration } = { ...change, disable: false };
      expect((await alice.put(path, withoutDuration)).status).toBe(200);
      expect((await login(robot)).status).toBe(200);
      expect(await refusalOf(await alice.put(path, { ...change, name: "other" }))).toBe("400 BAD_REQUEST");
      expect(await refusalOf(await alice.put(path, { ...change, level: "system" }))).toBe("400 BAD_REQUEST");
      await alice.post("/projects", { project_name: "other" });
      const elsewhere = { ...change, permissions: [{ ...change.permissions[0], namespace: "other" }] };
      expect(await refusalOf(await alice.put(path, elsewhere))).toBe("400 BAD_REQUEST");
      expect(await refusalOf(await bob.put(path, change))).toBe("403 FORBIDDEN");
    });

    test("is given a new secret, a chosen one or a made one", async () => {
      const robot = await create(alice, request("refreshed", "project:read"));
      const path = `/robots/${robot.id}`;
      const made = (await (await alice.patch(path, {})).json()) as Created;
      expect((await login(robot)).status).toBe(401);
      expect((await login({ ...robot, secret: made.secret })).status).toBe(200);
      const chosen = "Chosen-Secret-1";
      expect(await (await alice.patch(path, { secret: chosen })).json()).toEqual({});
      expect((await login({ ...robot, secret: chosen })).status).toBe(200);
      expect(await refusalOf(await alice.patch(path, { secret: "weak" }))).toBe("400 BAD_REQUEST");
      expect(await refusalOf(await bob.patch(path, {}))).toBe("403 FORBIDDEN");
    });

    test("is deleted", async () => {
      const robot = await create(alice, request("deleted", "project:read"));
      expect(await refusalOf(await bob.delete(`/robots/${robot.id}`))).toBe("403 FORBIDDEN");
      expect((await alice.delete(`/robots/${robot.id}`)).status).toBe(200);
      expect((await login(robot)).status).toBe(401);
      expect(await refusalOf(await alice.get(`/robots/${robot.id}`))).toBe("404 NOT_FOUND");
    });
  });

  describe("creating robots is refused", () => {
    const valid = request("refused", "repository:pull");
    const [permission] = valid.permissions;
    test.each([
      ["name", { name: "Upper" }],
      ["level", { level: "cosmos" }],
      ["duration", { duration: 0 }],
      ["no duration", { duration: null }],
      ["no permission", { permissions: [] }],
      ["no access", { permissions: [{ ...permission, access: [] }] }],
      ["two projects", { permissions: [permission, permission] }],
      ["kind", { permissions: [{ ...permission, kind: "cosmos" }] }],
      ["system rights for a project's robot", { permissions: [{ ...permission, kind: "system" }] }],
      ["unknown right", { permissions: [{ ...permission, access: [{ resource: "moon", action: "pull" }] }] }],
      [
        "right of users only",
        { permissions: [{ ...permission, access: [{ resource: "robot", action: "update" }] }] },
      ],
    ])("for its %s", async (_, change) => {
      expect(await refusalOf(await alice.post("/robots", { ...valid, ...change }))).toBe("400 BAD_REQUEST");
    });

    test("outside one's own projects, and twice by one name", async () => {
      expect(await refusalOf(await bob.post("/robots", valid))).toBe("403 FORBIDDEN");
      expect(await refusalOf(await fixture.anonymous.post("/robots", valid))).toBe("401 UNAUTHORIZED");
      const absent = { ...valid, level: "system", permissions: [{ ...permission, namespace: "absent" }] };
      expect(await refusalOf(await alice.post("/robots", absent))).toBe("403 FORBIDDEN");
      expect(await refusalOf(await admin.post("/robots", absent))).toBe("404 NOT_FOUND");
      await create(alice, request("once", "repository:pull"));
      expect(await refusalOf(await alice.post("/robots", request("once", "repository:pull")))).toBe(
        "409 CONFLICT",
      );
    });

    test("by a robot that gives more than it has", async () => {
      const maker = await fixture.robot("maker", "team robot:create", "team repository:pull");
      expect((await maker.post("/robots", request("made", "repository:pull"))).status).toBe(201);
      expect(await refusalOf(await maker.post("/robots", request("more", "repository:push")))).toBe(
        "403 DENIED",
      );
    });
  });

  describe("a robot of the system", () => {
    test("is the administrators', and may reach several projects", async () => {
      const body = {
        ...request("wide", "project:read"),
        level: "system",
        duration: -1,
        permissions: [
          { kind: "system", namespace: "/", access: [{ resource: "user", action: "list" }] },
          { kind: "project", namespace: "*", access: [{ resource: "project", action: "read" }] },
        ],
      };
      expect(await refusalOf(await alice.post("/robots", body))).toBe("403 FORBIDDEN");
      const robot = await create(admin, body);
      expect(robot.name).toBe("robot$wide");
      expect((await login(robot)).status).toBe(200);
      expect(await namesIn(await admin.get("/robots?sort=name"))).toContain("robot$wide");
      const authorization = `Basic ${btoa(`${robot.name}:${robot.secret}`)}`;
      expect((await fixture.anonymous.get("/users", { authorization })).status).toBe(200);
      expect((await fixture.anonymous.get("/quotas", { authorization })).status).toBe(403);
    });
  });

  describe("the paths of older Harbors", () => {
    test("create, list, disable and delete", async () => {
      const path = "/projects/team/robots";
      const access = [{ resource: `/project/${team}/project`, action: "read" }];
      const created = await alice.post(path, { name: "old", expires_at: -1, access });
      expect(created.status).toBe(201);
      const robot = (await created.json()) as Created;
      expect(created.headers.get("location")).toBe(`/api/v2.0${path}/${robot.id}`);
      expect((await login(robot)).status).toBe(200);
      expect(await namesIn(await alice.get(`${path}?q=name=team%2Bold`))).toEqual([]);
      expect(await namesIn(await alice.get(`${path}?q=name=~old`))).toEqual(["robot$team+old"]);
      expect((await alice.put(`${path}/${robot.id}`, { disable: true })).status).toBe(200);
      expect((await login(robot)).status).toBe(401);
      expect(await (await alice.get(`${path}/${robot.id}`)).json()).toMatchObject({ disable: true });
      await bob.post("/projects", { project_name: "bobs" });
      expect(await refusalOf(await bob.get(`/projects/bobs/robots/${robot.id}`))).toBe("404 NOT_FOUND");
      expect(await refusalOf(await bob.delete(`${path}/${robot.id}`))).toBe("403 FORBIDDEN");
      expect((await alice.delete(`${path}/${robot.id}`)).status).toBe(200);
    });

    test("an expiry is counted in days, a month when none is said, and lies ahead", async () => {
      const access = [{ resource: `/project/${team}/repository`, action: "pull" }];
      const expiryOf = async (name: string, expires_at: number) => {
        const response = await alice.post("/projects/team/robots", { name, expires_at, access });
        return response.status === 201
          ? ((await response.json()) as { expires_at: number }).expires_at
          : refusalOf(response);
      };
      const now = Date.parse("2024-10-04T00:00:00Z") / 1000;
      expect(await expiryOf("unsaid", 0)).toBe(now + 30 * 86_400);
      expect(await expiryOf("soon", now + 1)).toBe(now + 86_400);
      expect(await expiryOf("past", now - 86_400)).toBe("400 BAD_REQUEST");
    });

    test.each(["/project/99999/repository", "repository", "/project/*/repository"])(
      "refuses the resource %s",
      async (resource) => {
        const body = { name: "x", access: [{ resource, action: "pull" }] };
        expect(await refusalOf(await alice.post("/projects/team/robots", body))).toBe("400 BAD_REQUEST");
      },
    );
  });

  describe("GET /permissions", () => {
    test("is for administrators, of the system or of a project", async () => {
      const all = (await (await admin.get("/permissions")).json()) as { system: object[]; project: object[] };
      expect(all.system).toContainEqual({ resource: "garbage-collection", action: "stop" });
      expect(all.project).toContainEqual({ resource: "repository", action: "push" });
      expect(Object.keys((await (await alice.get("/permissions")).json()) as object)).toEqual(["project"]);
      const carol = await fixture.user("carol");
      expect(await refusalOf(await carol.get("/permissions"))).toBe("403 FORBIDDEN");
      expect(await refusalOf(await fixture.anonymous.get("/permissions"))).toBe("401 UNAUTHORIZED");
    });
  });
});

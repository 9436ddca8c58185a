import { afterAll, beforeAll, expect, test } from "bun:test";
import { hour } from "../../src/kernel/index.ts";
import { describeOnEngines } from "../support/engines.ts";
import { type ApiFixture, type Client, openApi, refusalOf } from "./fixture.ts";

describeOnEngines("the API: audit logs", (open) => {
  let fixture: ApiFixture;
  let admin: Client;
  let alice: Client;
  let bob: Client;
  beforeAll(async () => {
    fixture = await openApi(open);
    admin = fixture.admin;
    alice = await fixture.user("alice");
    bob = await fixture.user("bob");
    await alice.post("/projects", { project_name: "first" });
    fixture.rooms.clock.now += hour;
    await bob.post("/projects", { project_name: "second" });
    await bob.put("/projects/second", { metadata: { public: "true" } });
  });
  afterAll(() => fixture[Symbol.asyncDispose]());

  interface AuditRecord {
    readonly operation: string;
    readonly resource_type: string;
    readonly resource: string;
  }

  async function records(client: Client, path: string): Promise<string[]> {
    const response = await client.get(path);
    expect(response.status, await response.clone().text()).toBe(200);
    const list = (await response.json()) as AuditRecord[];
    return list.map(({ operation, resource_type, resource }) => `${operation} ${resource_type} ${resource}`);
  }

  test("a record has Harbor's fields, the longer one also what it was about", async () => {
    const query = "?q=resource=second,operation=update";
    const [short] = (await (await admin.get(`/audit-logs${query}`)).json()) as object[];
    const common = {
      id: expect.any(Number),
      username: "bob",
      resource: "second",
      resource_type: "project",
      operation: "update",
      op_time: "2024-10-04T01:00:00.000Z",
    };
    expect(short).toEqual(common);
    const [long] = (await (await admin.get(`/auditlog-exts${query}`)).json()) as object[];
    expect(long).toEqual({
      ...common,
      operation_description: "update project second: public = true, from 192.0.2.7",
      operation_result: true,
    });
  });

  test("administrators see everything, others what happened in the projects that they administer", async () => {
    const ofProjects = "/audit-logs?q=resource_type=project";
    expect(await records(admin, ofProjects)).toEqual([
      "update project second",
      "create project second",
      "create project first",
    ]);
    expect(await records(alice, "/audit-logs")).toEqual(["create project first"]);
    expect(await records(alice, "/projects/first/logs")).toEqual(["create project first"]);
    expect(await records(alice, "/projects/first/auditlog-exts")).toEqual(["create project first"]);
    // Public, and yet what happened there is its administrators' to know.
    expect(await refusalOf(await alice.get("/projects/second/logs"))).toBe("403 FORBIDDEN");
    expect(await refusalOf(await fixture.anonymous.get("/audit-logs"))).toBe("401 UNAUTHORIZED");
    const carol = await fixture.user("carol");
    expect(await records(carol, "/audit-logs")).toEqual([]);
  });

  test("a filter does not open what is closed", async () => {
    const { project_id: second } = (await (await bob.get("/projects/second")).json()) as {
      project_id: number;
    };
    expect(await records(alice, `/audit-logs?q=project_id=${second}`)).toEqual([]);
    expect(await records(alice, `/audit-logs?q=ProjectID={${second} 1}`)).not.toContain(
      "create project second",
    );
  });

  test("filters by each field and by time, sorts and pages", async () => {
    const created = "operation=create,resource_type=project";
    expect(await records(admin, `/audit-logs?q=${created}&sort=op_time`)).toEqual([
      "create project first",
      "create project second",
    ]);
    const since = encodeURIComponent("op_time=[2024-10-04 00:30:00~]");
    expect(await records(admin, `/audit-logs?q=${created},${since}`)).toEqual(["create project second"]);
    const until = encodeURIComponent("op_time=[~2024-10-04T00:30:00]");
    expect(await records(admin, `/audit-logs?q=${created},${until}`)).toEqual(["create project first"]);
    expect(await records(admin, `/audit-logs?q=${created},username=~BO`)).toEqual(["create project second"]);
    const page = await admin.get(`/audit-logs?q=${created}&page_size=1`);
    expect(page.headers.get("x-total-count")).toBe("2");
    expect(page.headers.get("link")).toContain('rel="next"');
    expect(await refusalOf(await admin.get("/audit-logs?q=op_time=[yesterday~]"))).toBe("400 BAD_REQUEST");
  });

  test("equal pulls are one record that says how many", async () => {
    const { database } = fixture.rooms;
    await database.write((tx) =>
      tx
        .insertInto("audit_log")
        .values({
          at: 0,
          actor: "robot$ci",
          actor_kind: "robot",
          address: "",
          operation: "pull",
          resource_type: "artifact",
          resource: "first/app:1",
          project_id: null,
          outcome: "failure",
          detail: null,
          times: 3,
          request_id: null,
        })
        .execute(),
    );
    const response = await admin.get("/auditlog-exts?q=operation=pull");
    expect(await response.json()).toMatchObject([
      { operation_description: "pull artifact first/app:1, 3 times", operation_result: false },
    ]);
  });

  test("the kinds of events are listed for administrators", async () => {
    const kinds = (await (await admin.get("/auditlog-exts/events")).json()) as { event_type: string }[];
    expect(kinds.map(({ event_type }) => event_type)).toContain("create_artifact");
    expect(await refusalOf(await alice.get("/auditlog-exts/events"))).toBe("403 FORBIDDEN");
  });
});

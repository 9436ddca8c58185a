import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { describeOnEngines } from "../support/engines.ts";
import { type ApiFixture, type Client, namesIn, openApi, refusalOf } from "./fixture.ts";

describeOnEngines("the API: labels and quotas", (open) => {
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

  async function createLabel(client: Client, body: object): Promise<number> {
    const response = await client.post("/labels", body);
    expect(response.status, await response.clone().text()).toBe(201);
    return Number(response.headers.get("location")?.split("/").pop());
  }

  describe("labels", () => {
    test("of the registry are its administrators' to make and everybody's to list", async () => {
      const id = await createLabel(admin, { name: "tested", scope: "g", color: "#61717D" });
      expect(await (await admin.get(`/labels/${id}`)).json()).toEqual({
        id,
        name: "tested",
        description: "",
        color: "#61717D",
        scope: "g",
        project_id: 0,
        creation_time: "2024-10-04T00:00:00.000Z",
        update_time: "2024-10-04T00:00:00.000Z",
      });
      expect(await namesIn(await bob.get("/labels?scope=g"))).toEqual(["tested"]);
      expect(await refusalOf(await alice.post("/labels", { name: "x", scope: "g" }))).toBe("403 FORBIDDEN");
      expect(await refusalOf(await alice.delete(`/labels/${id}`))).toBe("403 FORBIDDEN");
    });

    test("of a project are its members'", async () => {
      const id = await createLabel(alice, { name: "stable", scope: "p", project_id: team });
      await createLabel(alice, { name: "broken", scope: "p", project_id: team });
      const path = `/labels?scope=p&project_id=${team}`;
      expect(await namesIn(await alice.get(path))).toEqual(["stable", "broken"]);
      expect(await namesIn(await alice.get(`${path}&sort=name`))).toEqual(["broken", "stable"]);
      expect(await namesIn(await alice.get(`${path}&name=STA`))).toEqual(["stable"]);
      expect(await refusalOf(await bob.get(path))).toBe("403 FORBIDDEN");
      expect(await refusalOf(await bob.get(`/labels/${id}`))).toBe("403 FORBIDDEN");
      expect((await alice.put(`/labels/${id}`, { name: "solid", description: "so far" })).status).toBe(200);
      expect(await (await alice.get(`/labels/${id}`)).json()).toMatchObject({
        name: "solid",
        project_id: team,
      });
      expect(await refusalOf(await alice.put(`/labels/${id}`, { name: "broken" }))).toBe("409 CONFLICT");
      expect((await alice.delete(`/labels/${id}`)).status).toBe(200);
      expect(await refusalOf(await alice.get(`/labels/${id}`))).toBe("404 NOT_FOUND");
    });

    test("have a name once in each scope", async () => {
      await createLabel(alice, { name: "same", scope: "p", project_id: team });
      await createLabel(admin, { name: "same", scope: "g" });
      const again = { name: "same", scope: "p", project_id: team };
      expect(await refusalOf(await alice.post("/labels", again))).toBe("409 CONFLICT");
    });

    test.each([
      [{ name: "x" }],
      [{ name: "x", scope: "x" }],
      [{ name: "x", scope: "p" }],
      [{ name: "", scope: "g" }],
      [{ name: "x".repeat(129), scope: "g" }],
    ])("%j is refused", async (body) => {
      expect(await refusalOf(await admin.post("/labels", body))).toBe("400 BAD_REQUEST");
    });

    test("a list must say whose", async () => {
      expect(await refusalOf(await admin.get("/labels"))).toBe("400 BAD_REQUEST");
      expect(await refusalOf(await admin.get("/labels?scope=p"))).toBe("400 BAD_REQUEST");
    });
  });

  describe("quotas", () => {
    test("have Harbor's fields, under the project's id", async () => {
      expect(await (await admin.get(`/quotas/${team}`)).json()).toEqual({
        id: team,
        ref: { id: team, name: "team", owner_name: "alice" },
        hard: { storage: -1 },
        used: { storage: 0 },
        creation_time: "2024-10-04T00:00:00.000Z",
        update_time: "2024-10-04T00:00:00.000Z",
      });
      expect(await refusalOf(await alice.get(`/quotas/${team}`))).toBe("403 FORBIDDEN");
      expect(await refusalOf(await admin.get("/quotas/9999"))).toBe("404 NOT_FOUND");
    });

    test("are limited by administrators", async () => {
      const set = (client: Client, hard: object) => client.put(`/quotas/${team}`, { hard });
      expect((await set(admin, { storage: 1024 })).status).toBe(200);
      expect(await (await admin.get(`/quotas/${team}`)).json()).toMatchObject({ hard: { storage: 1024 } });
      expect(await refusalOf(await set(admin, { storage: 0 }))).toBe("400 BAD_REQUEST");
      expect(await refusalOf(await set(admin, {}))).toBe("400 BAD_REQUEST");
      expect(await refusalOf(await set(alice, { storage: -1 }))).toBe("403 FORBIDDEN");
    });

    test("are sorted by limit, none being the most, and found by project", async () => {
      await bob.post("/projects", { project_name: "unlimited" });
      await admin.post("/projects", { project_name: "small", storage_limit: 10 });
      const names = async (query: string) => {
        const quotas = (await (await admin.get(`/quotas?${query}`)).json()) as { ref: { name: string } }[];
        return quotas.map(({ ref }) => ref.name);
      };
      expect(await names("sort=hard.storage")).toEqual(["small", "team", "unlimited"]);
      expect(await names("sort=-hard.storage&page_size=1")).toEqual(["unlimited"]);
      expect(await names("")).toEqual(["small", "unlimited", "team"]);
      expect(await names(`reference=project&reference_id=${team}`)).toEqual(["team"]);
      expect(await names("reference=user")).toEqual([]);
      expect(await names("reference_id=x")).toEqual([]);
    });
  });
});

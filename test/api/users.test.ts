import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { describeOnEngines } from "../support/engines.ts";
import { type ApiFixture, type Client, namesIn, openApi, password, refusalOf } from "./fixture.ts";

describeOnEngines("the API: users", (open) => {
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

  const profile = { email: "carol@example.com", realname: "Carol", comment: "" };

  describe("users", () => {
    test("are made by administrators, and log in", async () => {
      const response = await admin.post("/users", { username: "carol", password, ...profile });
      expect(response.status).toBe(201);
      expect(response.headers.get("location")).toMatch(/^\/api\/v2\.0\/users\/\d+$/);
      const authorization = `Basic ${btoa(`carol:${password}`)}`;
      const current = await fixture.anonymous.get("/users/current", { authorization });
      expect(await current.json()).toEqual({
        user_id: Number(response.headers.get("location")?.split("/").pop()),
        username: "carol",
        ...profile,
        sysadmin_flag: false,
        admin_role_in_auth: false,
        creation_time: "2024-10-04T00:00:00.000Z",
        update_time: "2024-10-04T00:00:00.000Z",
      });
    });

    test.each([
      [{ username: "alice", password, ...profile, email: "x@example.com" }, "409 CONFLICT"],
      [{ username: "dave", password: "weak", ...profile }, "400 BAD_REQUEST"],
      [{ username: "da,ve", password, ...profile }, "400 BAD_REQUEST"],
      [{ username: "dave", password, realname: "Dave", email: "no address" }, "400 BAD_REQUEST"],
      [{ username: "dave", password: 1 }, "400 BAD_REQUEST"],
      [{}, "400 BAD_REQUEST"],
    ])("%j is refused", async (body, refusal) => {
      expect(await refusalOf(await admin.post("/users", body))).toBe(refusal);
    });

    test("are listed for administrators, with filters, sorted and in pages", async () => {
      expect(await namesIn(await admin.get("/users?q=username=~LI"))).toEqual(["alice"]);
      expect(await namesIn(await admin.get("/users?email=bob@"))).toEqual(["bob"]);
      const page = await admin.get("/users?sort=-username&page_size=1&q=username={alice bob}");
      expect(page.headers.get("x-total-count")).toBe("2");
      expect(await namesIn(page)).toEqual(["bob"]);
      expect(await refusalOf(await alice.get("/users"))).toBe("403 FORBIDDEN");
      expect(await refusalOf(await fixture.anonymous.get("/users"))).toBe("401 UNAUTHORIZED");
    });

    test("find one another by name, and see no more than that", async () => {
      const response = await alice.get("/users/search?username=bo");
      expect(await response.json()).toEqual([{ user_id: bob.id, username: "bob" }]);
      expect(response.headers.get("x-total-count")).toBe("1");
      expect(await refusalOf(await alice.get("/users/search"))).toBe("400 BAD_REQUEST");
      expect(await refusalOf(await fixture.anonymous.get("/users/search?username=b"))).toBe(
        "401 UNAUTHORIZED",
      );
    });

    test("read and change themselves, administrators everybody", async () => {
      const change = { email: "new@example.com", realname: "New", comment: "moved" };
      expect((await alice.put(`/users/${alice.id}`, change)).status).toBe(200);
      expect(await (await admin.get(`/users/${alice.id}`)).json()).toMatchObject(change);
      expect(await refusalOf(await bob.get(`/users/${alice.id}`))).toBe("403 FORBIDDEN");
      expect(await refusalOf(await bob.put(`/users/${alice.id}`, change))).toBe("403 FORBIDDEN");
      expect(await refusalOf(await admin.get("/users/9999"))).toBe("404 NOT_FOUND");
      expect(await refusalOf(await admin.get("/users/none"))).toBe("400 BAD_REQUEST");
      expect(await refusalOf(await bob.put(`/users/${bob.id}`, change))).toBe("409 CONFLICT");
    });

    test("change their password with the old one, administrators others' without", async () => {
      const dora = await fixture.user("dora");
      const path = `/users/${dora.id}/password`;
      const wrong = { old_password: "Wrong-12345", new_password: "Other-12345" };
      expect(await refusalOf(await dora.put(path, wrong))).toBe("403 FORBIDDEN");
      const weak = { old_password: password, new_password: "weak" };
      expect(await refusalOf(await dora.put(path, weak))).toBe("400 BAD_REQUEST");
      const right = { old_password: password, new_password: "Other-12345" };
      expect(await refusalOf(await bob.put(path, right))).toBe("403 FORBIDDEN");
      expect((await dora.put(path, right)).status).toBe(200);
      expect((await dora.get("/users/current")).status).toBe(401);
      expect((await admin.put(path, { new_password: password })).status).toBe(200);
      expect((await dora.get("/users/current")).status).toBe(200);
    });

    test("become administrators and cease to be, but one stays", async () => {
      const erik = await fixture.user("erik");
      expect(await refusalOf(await erik.put(`/users/${erik.id}/sysadmin`, { sysadmin_flag: true }))).toBe(
        "403 FORBIDDEN",
      );
      expect((await admin.put(`/users/${erik.id}/sysadmin`, { sysadmin_flag: true })).status).toBe(200);
      expect((await erik.get("/users")).status).toBe(200);
      expect((await admin.put(`/users/${erik.id}/sysadmin`, { sysadmin_flag: false })).status).toBe(200);
      expect((await erik.get("/users")).status).toBe(403);
      expect(await refusalOf(await admin.put(`/users/${admin.id}/sysadmin`, { sysadmin_flag: false }))).toBe(
        "412 PRECONDITION",
      );
    });

    test("are deleted by administrators, not by themselves", async () => {
      const fred = await fixture.user("fred");
      expect(await refusalOf(await fred.delete(`/users/${fred.id}`))).toBe("403 FORBIDDEN");
      expect(await refusalOf(await admin.delete(`/users/${admin.id}`))).toBe("403 FORBIDDEN");
      expect((await admin.delete(`/users/${fred.id}`)).status).toBe(200);
      expect((await fred.get("/users/current")).status).toBe(401);
      expect(await refusalOf(await admin.delete(`/users/${fred.id}`))).toBe("404 NOT_FOUND");
    });
  });

  describe("/users/current", () => {
    test("is of users only", async () => {
      const robot = await fixture.robot("current", "/ user:list");
      expect(await refusalOf(await robot.get("/users/current"))).toBe("412 PRECONDITION");
      expect(await refusalOf(await fixture.anonymous.get("/users/current"))).toBe("401 UNAUTHORIZED");
    });

    test("permissions in a project, relative to it or not", async () => {
      await alice.post("/projects", { project_name: "permitted" });
      const { project_id: id } = (await (await alice.get("/projects/permitted")).json()) as {
        project_id: number;
      };
      const ask = async (client: Client, query: string) =>
        (await (await client.get(`/users/current/permissions?${query}`)).json()) as object[];
      const own = await ask(alice, `scope=/project/${id}&relative=true`);
      expect(own).toContainEqual({ resource: ".", action: "delete" });
      expect(own).toContainEqual({ resource: "repository", action: "push" });
      const whole = await ask(alice, `scope=/project/${id}`);
      expect(whole).toContainEqual({ resource: `/project/${id}`, action: "delete" });
      expect(whole).toContainEqual({ resource: `/project/${id}/repository`, action: "push" });
      expect(await ask(bob, `scope=/project/${id}`)).toEqual([]);
      expect(await ask(admin, "scope=/project/9999")).toEqual([]);
      expect(await ask(alice, "scope=/system")).toEqual([]);
      expect(await ask(admin, "scope=/system&relative=true")).toContainEqual({
        resource: "user",
        action: "create",
      });
      expect(await ask(admin, "scope=nonsense")).toEqual([]);
    });
  });
});

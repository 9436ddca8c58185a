import { afterAll, beforeAll, expect, test } from "bun:test";
import { describeOnEngines } from "../support/engines.ts";
import { type ApiFixture, type Client, namesIn, openApi, refusalOf } from "./fixture.ts";

describeOnEngines("the API: members", (open) => {
  const path = "/projects/team/members";
  let fixture: ApiFixture;
  let alice: Client;
  let bob: Client;
  beforeAll(async () => {
    fixture = await openApi(open);
    alice = await fixture.user("alice");
    bob = await fixture.user("bob");
    await alice.post("/projects", { project_name: "team" });
  });
  afterAll(() => fixture[Symbol.asyncDispose]());

  test("a member is added, given another role and taken away", async () => {
    expect((await bob.get("/projects/team")).status).toBe(403);
    const created = await alice.post(path, { role_id: 3, member_user: { username: "bob" } });
    expect(created.status).toBe(201);
    const location = created.headers.get("location")?.replace("/api/v2.0", "") ?? "";
    const { id, ...member } = (await (await alice.get(location)).json()) as { id: number };
    expect(location).toBe(`${path}/${id}`);
    expect(member as object).toEqual({
      project_id: expect.any(Number),
      entity_name: "bob",
      entity_type: "u",
      entity_id: bob.id,
      role_id: 3,
      role_name: "guest",
    });
    expect((await bob.get(path)).status).toBe(200);
    expect(await refusalOf(await bob.post(path, { role_id: 1, member_user: { username: "bob" } }))).toBe(
      "403 FORBIDDEN",
    );
    expect((await alice.put(location, { role_id: 5 })).status).toBe(200);
    expect((await bob.get(path)).status).toBe(403);
    expect((await alice.delete(location)).status).toBe(200);
    expect((await bob.get("/projects/team")).status).toBe(403);
    expect(await refusalOf(await alice.get(location))).toBe("404 NOT_FOUND");
    expect(await refusalOf(await alice.delete(location))).toBe("404 NOT_FOUND");
  });

  test("members are listed by name, in pages, or the one of a name", async () => {
    const zoe = await fixture.user("zoe");
    await alice.post(path, { role_id: 2, member_user: { user_id: zoe.id } });
    expect(await namesIn(await alice.get(path))).toEqual(["alice", "zoe"]);
    const page = await alice.get(`${path}?page=2&page_size=1`);
    expect(page.headers.get("x-total-count")).toBe("2");
    expect(await namesIn(page)).toEqual(["zoe"]);
    expect(await namesIn(await alice.get(`${path}?entityname=zoe`))).toEqual(["zoe"]);
    await fixture.admin.delete(`/users/${zoe.id}`);
    expect(await namesIn(await alice.get(path))).toEqual(["alice"]);
  });

  test.each([
    [{ role_id: 2, member_user: { username: "alice" } }, "409 CONFLICT"],
    [{ role_id: 2, member_user: { username: "nobody" } }, "404 NOT_FOUND"],
    [{ role_id: 2, member_user: { user_id: 9999 } }, "400 BAD_REQUEST"],
    [{ role_id: 6, member_user: { username: "bob" } }, "400 BAD_REQUEST"],
    [{ member_user: { username: "bob" } }, "400 BAD_REQUEST"],
    [{ role_id: 2, member_group: { group_name: "team" } }, "400 BAD_REQUEST"],
    [{ role_id: 2 }, "400 BAD_REQUEST"],
  ])("%j is refused", async (body, refusal) => {
    expect(await refusalOf(await alice.post(path, body))).toBe(refusal);
  });

  test("a member of one project is none of another", async () => {
    await bob.post("/projects", { project_name: "bobs" });
    const [member] = (await (await bob.get("/projects/bobs/members")).json()) as { id: number }[];
    expect(await refusalOf(await alice.get(`${path}/${member?.id}`))).toBe("404 NOT_FOUND");
    expect(await refusalOf(await alice.delete(`${path}/${member?.id}`))).toBe("404 NOT_FOUND");
  });
});

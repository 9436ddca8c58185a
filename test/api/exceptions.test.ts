import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { day } from "../../src/kernel/index.ts";
import { describeOnEngines } from "../support/engines.ts";
import { type ApiFixture, type Client, openApi, refusalOf } from "./fixture.ts";

describeOnEngines("the API: exceptions", (open) => {
  let fixture: ApiFixture;
  let admin: Client;
  let alice: Client;
  let guest: Client;
  let stranger: Client;
  let robot: Client;

  beforeAll(async () => {
    fixture = await openApi(open);
    admin = fixture.admin;
    alice = await fixture.user("alice");
    guest = await fixture.user("guest");
    stranger = await fixture.user("stranger");
    await alice.post("/projects", { project_name: "team", metadata: { public: "true" } });
    await alice.post("/projects/team/members", { role_id: 3, member_user: { username: "guest" } });
    robot = await fixture.robot("vex", "team exception:create", "/ exception:list");
  });
  afterAll(() => fixture[Symbol.asyncDispose]());

  const idOf = (response: Response) => Number(response.headers.get("location")?.split("/").pop());
  const listed = async (client: Client, path: string) =>
    (await (await client.get(path)).json()) as Record<string, unknown>[];

  describe("Harbor's list of the system", () => {
    test("is everybody's to read who is logged in, and the administrators' to set", async () => {
      const list = { items: [{ cve_id: "CVE-2026-1" }, { cve_id: "CVE-2026-2" }], expires_at: 2_000_000_000 };
      expect((await admin.put("/system/CVEAllowlist", list)).status).toBe(200);
      expect(await (await stranger.get("/system/CVEAllowlist")).json()).toMatchObject({
        ...list,
        project_id: 0,
      });
      expect(await refusalOf(await fixture.anonymous.get("/system/CVEAllowlist"))).toBe("401 UNAUTHORIZED");
      expect(await refusalOf(await alice.put("/system/CVEAllowlist", list))).toBe("403 FORBIDDEN");
      expect((await admin.put("/system/CVEAllowlist", { items: [], expires_at: null })).status).toBe(200);
      expect(await (await stranger.get("/system/CVEAllowlist")).json()).toMatchObject({
        items: [],
        expires_at: null,
      });
    });
  });

  describe("single ones", () => {
    test("keep what was said, by whom, and when they end", async () => {
      const expires = new Date(fixture.rooms.clock.now + day).toISOString();
      const given = {
        vulnerability: "cve-2026-1000",
        package: "pkg:deb/debian/openssl",
        repository: "team/app",
        digest: `sha256:${"1".repeat(64)}`,
        reason: "Not reachable here.",
        expires_at: expires,
      };
      const response = await alice.post("/projects/team/exceptions", given);
      expect(response.status).toBe(201);
      const id = idOf(response);
      const [exception] = await listed(guest, "/projects/team/exceptions");
      expect(exception).toMatchObject({
        ...given,
        vulnerability: "CVE-2026-1000",
        id,
        author: "alice",
        expired: false,
      });
      fixture.rooms.clock.now += 2 * day;
      expect(
        (await listed(guest, "/projects/team/exceptions?q=vulnerability=CVE-2026-1000"))[0],
      ).toMatchObject({
        id,
        expired: true,
      });
      expect(await listed(guest, "/projects/team/exceptions?q=vulnerability=CVE-2026-1001")).toEqual([]);
      expect(await refusalOf(await admin.delete(`/system/exceptions/${id}`))).toBe("404 NOT_FOUND");
      expect((await alice.delete(`/projects/team/exceptions/${id}`)).status).toBe(200);
      expect(await listed(guest, "/projects/team/exceptions")).toEqual([]);
      expect((await fixture.rooms.audited()).filter((record) => record.includes("exception"))).toEqual([
        "create exception CVE-2026-1000",
        "delete exception CVE-2026-1000",
      ]);
    });

    test("are for those to make who have the right, and nobody outside sees them", async () => {
      const given = { vulnerability: "CVE-2026-1", reason: "x" };
      for (const client of [guest, stranger]) {
        expect(await refusalOf(await client.post("/projects/team/exceptions", given))).toBe("403 FORBIDDEN");
      }
      expect(await refusalOf(await stranger.get("/projects/team/exceptions"))).toBe("403 FORBIDDEN");
      expect(await refusalOf(await fixture.anonymous.get("/projects/team/exceptions"))).toBe(
        "401 UNAUTHORIZED",
      );
      expect(await refusalOf(await alice.get("/system/exceptions"))).toBe("403 FORBIDDEN");
      expect(await refusalOf(await alice.post("/system/exceptions", given))).toBe("403 FORBIDDEN");
      expect((await robot.post("/projects/team/exceptions", given)).status).toBe(201);
      expect(await refusalOf(await robot.get("/projects/team/exceptions"))).toBe("403 FORBIDDEN");
      const id = idOf(await admin.post("/system/exceptions", given));
      expect(await listed(robot, "/system/exceptions")).toMatchObject([{ id, author: "admin" }]);
      expect(await refusalOf(await robot.delete(`/system/exceptions/${id}`))).toBe("403 FORBIDDEN");
    });

    test.each([
      ["no name of a vulnerability", { vulnerability: "; drop table" }],
      ["no reason", { reason: " " }],
      ["a package that is no purl", { package: "pkg:" }],
      ["a part of a package", { package: "pkg:golang/golang.org/x/crypto#ssh" }],
      ["another project's repository", { repository: "library/app" }],
      ["no digest", { digest: "latest" }],
      ["a time that has passed", { expires_at: "2001-01-01T00:00:00Z" }],
      ["no time", { expires_at: "tomorrow" }],
    ])("with %s are refused", async (_, change) => {
      const given = { vulnerability: "CVE-2026-1", reason: "x", ...change };
      expect(await refusalOf(await alice.post("/projects/team/exceptions", given))).toBe("400 BAD_REQUEST");
    });
  });

  describe("VEX documents", () => {
    const document = (version: number) => ({
      "@context": "https://openvex.dev/ns/v0.2.0",
      "@id": "https://example.com/vex/1",
      author: "Example",
      timestamp: "2026-01-01T00:00:00Z",
      version,
      statements: [
        { vulnerability: { name: "CVE-2026-1" }, products: ["pkg:deb/debian/openssl"], status: "fixed" },
      ],
    });

    test("are imported, replaced by newer ones only, and removed", async () => {
      expect((await robot.post("/projects/team/vex", document(1))).status).toBe(201);
      expect(await refusalOf(await alice.post("/projects/team/vex", document(1)))).toBe("409 CONFLICT");
      const id = idOf(await alice.post("/projects/team/vex", document(2)));
      expect(await listed(guest, "/projects/team/vex")).toMatchObject([
        { id, format: "openvex", author: "Example", version: "2", statements: 1, imported_by: "alice" },
      ]);
      expect(await refusalOf(await guest.delete(`/projects/team/vex/${id}`))).toBe("403 FORBIDDEN");
      expect(await refusalOf(await alice.post("/system/vex", document(1)))).toBe("403 FORBIDDEN");
      expect((await alice.delete(`/projects/team/vex/${id}`)).status).toBe(200);
      expect(await listed(guest, "/projects/team/vex")).toEqual([]);
      const rows = await fixture.rooms.database.read.selectFrom("vex_statement").select("id").execute();
      expect(rows).toEqual([]);
    });

    test.each<object>([
      {},
      { "@context": "https://openvex.dev/ns" },
      { document: { category: "csaf_security_advisory" } },
      { ...document(3), author: "a\0b" },
      { ...document(3), statements: [{ vulnerability: "CVE-1-\0", status: "fixed" }] },
    ])("that are none are refused: %j", async (json) => {
      expect(await refusalOf(await alice.post("/projects/team/vex", json))).toBe("400 BAD_REQUEST");
    });
  });
});

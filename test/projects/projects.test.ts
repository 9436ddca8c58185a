import { describe, expect, test } from "bun:test";
import type { Principal } from "../../src/access/index.ts";
import { describeOnEngines } from "../support/engines.ts";
import { addRepository, caller, listQuery, openFixture } from "./fixture.ts";

describeOnEngines("projects", (open) => {
  const anonymous: Principal = { kind: "anonymous" };
  const robot = (namespace: string): Principal => ({
    kind: "robot",
    id: 1,
    name: "robot$ci",
    permissions: [{ kind: "project", namespace, resource: "repository", action: "pull" }],
  });

  function newProject(name: string, ownerId: number, metadata: Record<string, string> = {}) {
    return { name, ownerId, storageLimit: -1, metadata };
  }

  describe("creating projects", () => {
    test("the owner becomes project admin, and the change is recorded", async () => {
      await using fixture = await openFixture(open);
      const owner = await fixture.user("alice");
      const project = await fixture.projects.create(caller, newProject("team.a", owner, { auto_scan: "1" }));
      expect(project).toEqual({
        id: project.id,
        name: "team.a",
        ownerId: owner,
        ownerName: "alice",
        public: false,
        storageLimit: -1,
        storageUsed: 0,
        repositoryCount: 0,
        metadata: { public: "false", auto_scan: "true" },
        allowlist: { cveIds: [], expiresAt: null },
        createdAt: fixture.clock.now,
        updatedAt: fixture.clock.now,
      });
      expect(await fixture.rights.rolesOf(await fixture.principal("alice"), project.id)).toEqual([1]);
      expect(await fixture.audited()).toEqual(["create project team.a"]);
    });

    test.each(["", "Upper", "a..b", "-a", "a-", "a/b", "a b", "ä", "a".repeat(256), "a\n"])(
      "refuses the name %j",
      async (name) => {
        await using fixture = await openFixture(open);
        const owner = await fixture.user("alice");
        const creation = fixture.projects.create(caller, newProject(name, owner));
        await expect(creation).rejects.toMatchObject({ code: "BAD_REQUEST" });
        expect(await fixture.audited()).toEqual([]);
      },
    );

    test.each(["a", "0", "a-b_c.d", "a".repeat(255)])("takes the name %j", async (name) => {
      await using fixture = await openFixture(open);
      const project = await fixture.projects.create(caller, newProject(name, await fixture.user("alice")));
      expect(project.name).toBe(name);
    });

    test("none is called like the server: its repositories would be called like others' trust data", async () => {
      await using fixture = await openFixture(open);
      const creation = fixture.projects.create(
        caller,
        newProject("registry.example.com", await fixture.user("alice")),
      );
      const error = await creation.catch((refused) => refused);
      expect(error).toMatchObject({ code: "BAD_REQUEST", message: expect.stringContaining("this server") });
    });

    test("a name is taken once", async () => {
      await using fixture = await openFixture(open);
      const owner = await fixture.user("alice");
      await fixture.projects.create(caller, newProject("team", owner));
      await expect(fixture.projects.create(caller, newProject("team", owner))).rejects.toMatchObject({
        code: "CONFLICT",
      });
    });

    test.each([0, -2, 1.5, 1024 ** 5 + 1, Number.NaN])(
      "refuses the storage limit %d",
      async (storageLimit) => {
        await using fixture = await openFixture(open);
        const project = { ...newProject("team", await fixture.user("alice")), storageLimit };
        await expect(fixture.projects.create(caller, project)).rejects.toMatchObject({ code: "BAD_REQUEST" });
      },
    );

    test("library is there once, public, however often it is asked for", async () => {
      await using fixture = await openFixture(open);
      const owner = await fixture.user("admin", true);
      await Promise.all([fixture.projects.ensureLibrary(owner), fixture.projects.ensureLibrary(owner)]);
      await fixture.projects.ensureLibrary(owner);
      const { items } = await fixture.projects.list(anonymous, listQuery());
      expect(items.map(({ name }) => name)).toEqual(["library"]);
    });
  });

  describe("listing projects", () => {
    async function world() {
      const fixture = await openFixture(open);
      const alice = await fixture.user("alice");
      const bob = await fixture.user("bob");
      await fixture.user("root", true);
      await fixture.projects.create(caller, newProject("alice-private", alice));
      await fixture.projects.create(caller, newProject("alice-public", alice, { public: "true" }));
      await fixture.projects.create(caller, newProject("bob-private", bob));
      return fixture;
    }
    const names = ({ items }: { items: readonly { name: string }[] }) => items.map(({ name }) => name);

    test("each sees their own and the public ones, admins all", async () => {
      await using fixture = await world();
      const see = async (principal: Principal) => names(await fixture.projects.list(principal, listQuery()));
      expect(await see(await fixture.principal("alice"))).toEqual(["alice-private", "alice-public"]);
      expect(await see(await fixture.principal("bob"))).toEqual(["alice-public", "bob-private"]);
      expect(await see(await fixture.principal("root"))).toEqual([
        "alice-private",
        "alice-public",
        "bob-private",
      ]);
      expect(await see(anonymous)).toEqual(["alice-public"]);
      expect(await see(robot("bob-private"))).toEqual(["alice-public", "bob-private"]);
      expect(await see(robot("*"))).toHaveLength(3);
    });

    test("pages, filters and sorts", async () => {
      await using fixture = await world();
      const root = await fixture.principal("root");
      const page = await fixture.projects.list(root, listQuery({ limit: 1, offset: 1 }));
      expect(page.total).toBe(3);
      expect(names(page)).toEqual(["alice-public"]);
      const filtered = await fixture.projects.list(
        root,
        listQuery({
          criteria: new Map([
            ["name", { kind: "contains", text: "PRIVATE" }],
            ["owner", { kind: "is", value: "bob" }],
          ]),
        }),
      );
      expect(names(filtered)).toEqual(["bob-private"]);
      const sorted = await fixture.projects.list(
        root,
        listQuery({ sort: [{ field: "name", descending: true }] }),
      );
      expect(names(sorted)).toEqual(["bob-private", "alice-public", "alice-private"]);
    });

    test("what a filter holds is text, whatever it looks like", async () => {
      await using fixture = await world();
      const root = await fixture.principal("root");
      for (const text of ["%", "_", "' or 1=1 --", "\\", "alice\\", '"']) {
        const criteria = new Map([["name", { kind: "contains", text } as const]]);
        expect((await fixture.projects.list(root, listQuery({ criteria }))).total).toBe(0);
      }
    });

    test("unknown fields are passed over, values that do not fit are refused", async () => {
      await using fixture = await world();
      const root = await fixture.principal("root");
      const unknown = new Map([["constructor", { kind: "is", value: "x" } as const]]);
      expect((await fixture.projects.list(root, listQuery({ criteria: unknown }))).total).toBe(3);
      const wrong = new Map([["project_id", { kind: "is", value: "x" } as const]]);
      await expect(fixture.projects.list(root, listQuery({ criteria: wrong }))).rejects.toMatchObject({
        code: "BAD_REQUEST",
      });
    });
  });

  describe("a project's settings", () => {
    async function world() {
      const fixture = await openFixture(open);
      const project = await fixture.projects.create(caller, newProject("team", await fixture.user("alice")));
      const metadata = async () => (await fixture.projects.get({ id: project.id })).metadata;
      return { fixture, id: project.id, metadata };
    }

    test("an update changes what it names and leaves the rest", async () => {
      const { fixture, id, metadata } = await world();
      await using _ = fixture;
      await fixture.projects.update(caller, id, { metadata: { public: "true", severity: "High" } });
      await fixture.projects.update(caller, id, {
        metadata: { auto_scan: "true", severity: "" },
        allowlist: { cveIds: ["CVE-2019-10164"], expiresAt: 1 },
      });
      expect(await metadata()).toEqual({ public: "true", auto_scan: "true", severity: "high" });
      expect((await fixture.projects.get({ name: "team" })).allowlist).toEqual({
        cveIds: ["CVE-2019-10164"],
        expiresAt: 1,
      });
    });

    test("one by one: added once, updated where they are, removed", async () => {
      const { fixture, id, metadata } = await world();
      await using _ = fixture;
      const { projects } = fixture;
      await expect(projects.updateMetadata(caller, id, "auto_scan", "true")).rejects.toMatchObject({
        code: "NOT_FOUND",
      });
      await projects.addMetadata(caller, id, "auto_scan", "true");
      await expect(projects.addMetadata(caller, id, "auto_scan", "true")).rejects.toMatchObject({
        code: "CONFLICT",
      });
      await projects.updateMetadata(caller, id, "auto_scan", "false");
      expect(await metadata()).toEqual({ public: "false", auto_scan: "false" });
      await projects.removeMetadata(caller, id, "auto_scan");
      await expect(projects.removeMetadata(caller, id, "auto_scan")).rejects.toMatchObject({
        code: "NOT_FOUND",
      });
      await projects.updateMetadata(caller, id, "public", "true");
      await projects.removeMetadata(caller, id, "public");
      expect(await metadata()).toEqual({ public: "false" });
    });

    test.each([
      ["unknown", "x"],
      ["__proto__", "true"],
      ["cve_allowlist", "[]"],
      ["retention_id", "1"],
      ["public", "perhaps"],
      ["severity", "unknown"],
      ["max_upstream_conn", "0"],
      ["proxy_speed_kb", "fast"],
    ])("refuses %s = %s", async (name, value) => {
      const { fixture, id } = await world();
      await using _ = fixture;
      await expect(fixture.projects.addMetadata(caller, id, name, value)).rejects.toMatchObject({
        code: "BAD_REQUEST",
      });
    });
  });

  describe("deleting projects", () => {
    test("not while there are repositories; afterwards with its labels and the robots' rights", async () => {
      await using fixture = await openFixture(open);
      const { id } = await fixture.projects.create(caller, newProject("team", await fixture.user("alice")));
      await fixture.labels.create(caller, id, { name: "tested", description: "", color: "" });
      const settings = { description: "", duration: -1, disabled: false };
      const pull = { resource: "repository", action: "pull" };
      const of = (namespace: string) => ({ kind: "project" as const, namespace, ...pull });
      const { robots } = fixture.access;
      await robots.create(caller, {
        ...settings,
        name: "own",
        project: { id, name: "team" },
        permissions: [of("team")],
      });
      const { robot: other } = await robots.create(caller, {
        ...settings,
        name: "other",
        project: null,
        permissions: [of("team"), of("else")],
      });
      await addRepository(fixture.database, id, "team/app");
      await expect(fixture.projects.delete(caller, id)).rejects.toMatchObject({
        code: "PRECONDITION",
        message: expect.stringContaining("1 repository"),
      });
      await fixture.database.write((tx) => tx.deleteFrom("repository").execute());
      await fixture.projects.delete(caller, id);
      await expect(fixture.projects.get({ id })).rejects.toMatchObject({ code: "NOT_FOUND" });
      const left = await fixture.database.read.selectFrom("label").selectAll().execute();
      expect(left).toEqual([]);
      // A later project of the same name must not find a robot that has rights in it.
      expect((await robots.list(listQuery())).items.map(({ name }) => name)).toEqual([other.name]);
      expect((await robots.get(other.id)).permissions).toEqual([of("else")]);
      expect((await fixture.audited()).at(-1)).toBe("delete project team");
    });
  });
});

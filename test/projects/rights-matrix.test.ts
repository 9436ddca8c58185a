import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { anonymous, type Principal, type RobotPermission } from "../../src/access/index.ts";
import type { Action, ProjectRef, Resource, RoleName } from "../../src/projects/index.ts";
import { robotPermissions, roles } from "../../src/projects/index.ts";
import { describeOnEngines } from "../support/engines.ts";
import { caller, type Fixture, openFixture } from "./fixture.ts";

describeOnEngines("rights", (open) => {
  /**
   * Who may do what, written out: one row for each thing that can be done in a project, one column for each who
   * may ask. `x` may; `p` may while the project is public; `-` may not.
   *
   * sys: administrator of the system; adm, mnt, dev, gst, lim: the project's roles; out: a user who is no
   * member; ano: not logged in.
   */
  const columns = ["sys", "adm", "mnt", "dev", "gst", "lim", "out", "ano"] as const;
  const projectMatrix = `
                             sys adm mnt dev gst lim out ano
project:read                  x   x   x   x   x   x   p   p
project:update                x   x   -   -   -   -   -   -
project:delete                x   x   -   -   -   -   -   -
member:create                 x   x   -   -   -   -   -   -
member:read                   x   x   x   x   x   -   -   -
member:update                 x   x   -   -   -   -   -   -
member:delete                 x   x   -   -   -   -   -   -
member:list                   x   x   x   x   x   -   -   -
metadata:create               x   x   -   -   -   -   -   -
metadata:read                 x   x   x   -   -   -   -   -
metadata:update               x   x   -   -   -   -   -   -
metadata:delete               x   x   -   -   -   -   -   -
metadata:list                 x   x   x   -   -   -   -   -
configuration:read            x   x   x   x   x   x   -   -
configuration:update          x   x   -   -   -   -   -   -
log:list                      x   x   -   -   -   -   -   -
quota:read                    x   x   x   x   x   x   -   -
label:create                  x   x   x   -   -   -   -   -
label:read                    x   x   x   x   x   p   p   p
label:update                  x   x   x   -   -   -   -   -
label:delete                  x   x   x   -   -   -   -   -
label:list                    x   x   x   x   x   p   p   p
robot:create                  x   x   -   -   -   -   -   -
robot:read                    x   x   x   x   x   -   -   -
robot:update                  x   x   -   -   -   -   -   -
robot:delete                  x   x   -   -   -   -   -   -
robot:list                    x   x   x   x   x   -   -   -
repository:create             x   x   x   x   -   -   -   -
repository:read               x   x   x   x   x   x   -   -
repository:update             x   x   x   x   -   -   -   -
repository:delete             x   x   x   -   -   -   -   -
repository:list               x   x   x   x   x   x   p   p
repository:pull               x   x   x   x   x   x   p   p
repository:push               x   x   x   x   -   -   -   -
artifact:create               x   x   x   x   -   -   -   -
artifact:read                 x   x   x   x   x   x   p   p
artifact:delete               x   x   x   -   -   -   -   -
artifact:list                 x   x   x   x   x   x   p   p
artifact-addition:read        x   x   x   x   x   x   p   p
artifact-label:create         x   x   x   x   -   -   -   -
artifact-label:delete         x   x   x   x   -   -   -   -
accessory:list                x   x   x   x   x   x   p   p
tag:create                    x   x   x   x   -   -   -   -
tag:delete                    x   x   x   -   -   -   -   -
tag:list                      x   x   x   x   x   x   p   p
tag-retention:create          x   x   x   x   -   -   -   -
tag-retention:read            x   x   x   x   -   -   -   -
tag-retention:update          x   x   x   x   -   -   -   -
tag-retention:delete          x   x   x   x   -   -   -   -
tag-retention:list            x   x   x   x   -   -   -   -
tag-retention:operate         x   x   x   x   -   -   -   -
immutable-tag:create          x   x   x   -   -   -   -   -
immutable-tag:update          x   x   x   -   -   -   -   -
immutable-tag:delete          x   x   x   -   -   -   -   -
immutable-tag:list            x   x   x   -   -   -   -   -
notification-policy:create    x   x   -   -   -   -   -   -
notification-policy:read      x   x   x   -   -   -   -   -
notification-policy:update    x   x   -   -   -   -   -   -
notification-policy:delete    x   x   -   -   -   -   -   -
notification-policy:list      x   x   x   -   -   -   -   -
preheat-policy:create         x   x   -   -   -   -   -   -
preheat-policy:read           x   x   -   -   -   -   -   -
preheat-policy:update         x   x   -   -   -   -   -   -
preheat-policy:delete         x   x   -   -   -   -   -   -
preheat-policy:list           x   x   -   -   -   -   -   -
scan:create                   x   x   x   -   -   -   -   -
scan:read                     x   x   x   x   x   x   p   p
scan:stop                     x   x   x   -   -   -   -   -
sbom:create                   x   x   x   -   -   -   -   -
sbom:read                     x   x   x   x   x   x   -   -
sbom:stop                     x   x   x   -   -   -   -   -
scanner:create                x   x   -   -   -   -   -   -
scanner:read                  x   x   x   x   x   x   p   p
export-cve:create             x   x   x   x   -   -   -   -
export-cve:read               x   x   x   x   -   -   -   -
export-cve:list               x   x   x   x   -   -   -   -
exception:create              x   x   -   -   -   -   -   -
exception:delete              x   x   -   -   -   -   -   -
exception:list                x   x   x   x   x   x   -   -
`;

  /** What a registry's token may hold, by the same columns. */
  const tokenMatrix = `
                             sys adm mnt dev gst lim out ano
pull                          x   x   x   x   x   x   p   p
push                          x   x   x   x   -   -   -   -
delete                        x   x   x   -   -   -   -   -
`;

  /** What nobody but administrators may do in the system, unless they are robots that were given it. */
  const systemRights = `
audit-log:list catalog:read configuration:read configuration:update distribution:create distribution:read
distribution:update distribution:delete distribution:list exception:create exception:delete exception:list
garbage-collection:create garbage-collection:read
garbage-collection:update garbage-collection:delete garbage-collection:list garbage-collection:stop
jobservice-monitor:read jobservice-monitor:list jobservice-monitor:stop label:create label:read label:update
label:delete ldap-user:create ldap-user:list preheat-instance:create preheat-instance:read
preheat-instance:update preheat-instance:delete preheat-instance:list project:create project:read
project:update project:delete project:list purge-audit:create purge-audit:read purge-audit:update
purge-audit:list purge-audit:stop quota:read quota:update quota:list registry:create registry:read
registry:update registry:delete registry:list replication:create replication:read replication:update
replication:delete replication:list replication-adapter:list replication-policy:create
replication-policy:read replication-policy:update replication-policy:delete replication-policy:list
robot:create robot:read robot:update robot:delete robot:list scan-all:create scan-all:read scan-all:update
scan-all:delete scan-all:list scan-all:stop scanner:create scanner:read scanner:update scanner:delete
scanner:list security-hub:read security-hub:list system-volumes:read user:create user:read user:update
user:delete user:list user-group:create user-group:read user-group:update user-group:delete user-group:list
`;

  /** What robots can be given in a project; `robot:update` and what is missing beside it, they cannot. */
  const robotRights = `
accessory:list artifact:create artifact:read artifact:delete artifact:list artifact-addition:read
artifact-label:create artifact-label:delete exception:create exception:delete exception:list
export-cve:create export-cve:read immutable-tag:create
immutable-tag:update immutable-tag:delete immutable-tag:list label:create label:read label:update label:delete
label:list log:list member:create member:read member:update member:delete member:list metadata:create
metadata:read metadata:update metadata:delete metadata:list notification-policy:create notification-policy:read
notification-policy:update notification-policy:delete notification-policy:list preheat-policy:create
preheat-policy:read preheat-policy:update preheat-policy:delete preheat-policy:list project:read project:update
project:delete quota:read repository:read repository:update repository:delete repository:list repository:pull
repository:push robot:create robot:read robot:delete robot:list sbom:create sbom:read sbom:stop scan:create
scan:read scan:stop scanner:create scanner:read tag:create tag:delete tag:list tag-retention:create
tag-retention:read tag-retention:update tag-retention:delete tag-retention:list
`;

  /** What any robot may do in a public project, whatever it was given: the column `ano` of the matrix. */
  const publicRights = new Set(
    words(`
project:read label:read label:list repository:list repository:pull artifact:read artifact:list
artifact-addition:read accessory:list tag:list scan:read scanner:read
`),
  );

  const members: Readonly<Partial<Record<(typeof columns)[number], RoleName>>> = {
    adm: "projectAdmin",
    mnt: "maintainer",
    dev: "developer",
    gst: "guest",
    lim: "limitedGuest",
  };

  let fixture: Fixture;
  let privateProject: ProjectRef;
  let publicProject: ProjectRef;
  const principals = new Map<string, Principal>([["ano", anonymous]]);

  beforeAll(async () => {
    fixture = await openFixture(open);
    const ownerId = await fixture.user("owner");
    const create = (name: string, isPublic: boolean) =>
      fixture.projects.create(caller, {
        name,
        ownerId,
        storageLimit: -1,
        metadata: { public: String(isPublic) },
      });
    privateProject = await create("closed", false);
    publicProject = await create("open", true);
    for (const name of ["sys", "out", ...Object.keys(members)]) {
      await fixture.user(name, name === "sys");
      principals.set(name, await fixture.principal(name));
    }
    for (const [username, role] of Object.entries(members)) {
      for (const { id } of [privateProject, publicProject]) {
        await fixture.members.create(caller, id, { username }, roles[role]);
      }
    }
  });
  afterAll(() => fixture[Symbol.asyncDispose]());

  describe("people in a project", () => {
    const rows = parse(projectMatrix);

    test.each(columns)("%s", async (column) => {
      const answers: Record<string, string> = {};
      const expected: Record<string, string> = {};
      for (const [right, row] of rows) {
        expected[right] = row[column] ?? "";
        answers[right] = `${await letter((project) => may(principalOf(column), project, right))}`;
      }
      expect(answers).toEqual(expected);
    });

    test("the matrix is about everything that there is to do", async () => {
      const all = await fixture.rights.permissionsOf(principalOf("sys"), privateProject);
      expect([...rows.keys()].sort()).toEqual(
        all.map(({ resource, action }) => `${resource}:${action}`).sort(),
      );
    });
  });

  describe("what a token may hold", () => {
    test.each(columns)("%s", async (column) => {
      for (const [action, row] of parse(tokenMatrix)) {
        const answer = await letter(async ({ name }) => {
          const actions: ReadonlySet<string> = await fixture.rights.repositoryActions(
            principalOf(column),
            name,
          );
          return actions.has(action);
        });
        expect(`${action} ${answer}`).toBe(`${action} ${row[column]}`);
      }
    });

    test("nothing for a project that there is not, not even for administrators", async () => {
      for (const principal of [...principals.values(), robot(["*", "repository:push"])]) {
        expect([...(await fixture.rights.repositoryActions(principal, "absent"))]).toEqual([]);
      }
    });
  });

  describe("people in the system", () => {
    test.each(columns)("%s", async (column) => {
      for (const right of words(systemRights)) {
        expect(`${right} ${await may(principalOf(column), null, right)}`).toBe(
          `${right} ${column === "sys"}`,
        );
      }
    });

    test("the list is of everything that there is to do", async () => {
      const all = await fixture.rights.permissionsOf(principalOf("sys"), null);
      expect([...words(systemRights)].sort()).toEqual(
        all.map(({ resource, action }) => `${resource}:${action}`).sort(),
      );
    });
  });

  describe("robots", () => {
    const everything = [...parse(projectMatrix).keys()];

    describe.each([...words(robotRights)])("with %s", (given) => {
      // Whoever pushes may pull; every other permission is for itself alone.
      const held = given === "repository:push" ? [given, "repository:pull"] : [given];

      test("in that project", async () => {
        const principal = robot(["closed", given]);
        expect(await allowed(principal, privateProject)).toEqual(new Set(held));
        expect(await allowed(principal, publicProject)).toEqual(publicRights);
      });

      test("in all projects", async () => {
        const principal = robot(["*", given]);
        expect(await allowed(principal, privateProject)).toEqual(new Set(held));
        expect(await allowed(principal, publicProject)).toEqual(new Set([...publicRights, ...held]));
      });

      test("nothing in the system", async () => {
        for (const right of words(systemRights)) {
          expect(await may(robot(["closed", given], ["*", given]), null, right)).toBe(false);
        }
      });
    });

    test.each([...words(systemRights)])("with %s in the system: that and nothing else", async (given) => {
      const principal = robot(["/", given]);
      const system = [];
      for (const right of words(systemRights)) if (await may(principal, null, right)) system.push(right);
      expect(system).toEqual([given]);
      expect(await allowed(principal, privateProject)).toEqual(new Set());
      expect(await allowed(principal, publicProject)).toEqual(publicRights);
    });

    test("can be given just what is written here", () => {
      const written = (right: { resource: string; action: string }) => `${right.resource}:${right.action}`;
      expect(new Set(robotPermissions.project.map(written))).toEqual(new Set(words(robotRights)));
      for (const right of robotPermissions.system.map(written)) expect(words(systemRights)).toContain(right);
    });

    test("a permission of one kind is none of the other, whatever its namespace says", async () => {
      const crossed = (kind: RobotPermission["kind"], namespace: string): Principal => ({
        kind: "robot",
        id: 1,
        name: "robot$x",
        permissions: [{ kind, namespace, resource: "project", action: "delete" }],
      });
      expect(await allowed(crossed("system", "closed"), privateProject)).toEqual(new Set());
      expect(await allowed(crossed("system", "*"), privateProject)).toEqual(new Set());
      expect(await may(crossed("project", "/"), null, "project:delete")).toBe(false);
    });

    async function allowed(principal: Principal, project: ProjectRef): Promise<Set<string>> {
      const rights = new Set<string>();
      for (const right of everything) if (await may(principal, project, right)) rights.add(right);
      return rights;
    }
  });

  describe("refusals", () => {
    test("name the right and the project, to those who may know of it", async () => {
      const ask = (column: string, name: string) =>
        fixture.rights.authorize(principalOf(column), { name }, "repository", "push");
      await expect(ask("gst", "closed")).rejects.toMatchObject({
        code: "FORBIDDEN",
        message: 'The user "gst" lacks the right "push" on "repository" in project "closed".',
      });
      for (const name of ["closed", "absent"]) {
        await expect(ask("out", name)).rejects.toMatchObject({
          code: "FORBIDDEN",
          message: `The user "out" lacks the right "push" on "repository" in project "${name}", or there is no such project.`,
        });
        await expect(ask("ano", name)).rejects.toMatchObject({
          code: "UNAUTHORIZED",
          message: `Log in: this needs the right "push" on "repository" in project "${name}", or there is no such project.`,
        });
      }
      await expect(ask("sys", "absent")).rejects.toMatchObject({ code: "NOT_FOUND" });
    });

    test("by a project's id do not tell its name", async () => {
      const key = { id: privateProject.id };
      const asked = fixture.rights.authorize(principalOf("out"), key, "project", "read");
      await expect(asked).rejects.toMatchObject({ message: expect.not.stringContaining("closed") });
      const required = fixture.rights.require(principalOf("out"), privateProject, "project", "read");
      await expect(required).rejects.toMatchObject({ message: expect.not.stringContaining("closed") });
    });
  });

  /** `x` when the answer is yes in both projects, `p` in the public one only, `-` in neither. */
  async function letter(ask: (project: ProjectRef) => Promise<boolean>): Promise<string> {
    const answers = [await ask(privateProject), await ask(publicProject)];
    return { "true,true": "x", "false,true": "p", "false,false": "-" }[answers.join()] ?? "?";
  }

  function may(principal: Principal, project: ProjectRef | null, right: string): Promise<boolean> {
    const [resource, action] = right.split(":");
    return fixture.rights.can(principal, project, resource as Resource, action as Action);
  }

  function robot(...permissions: [namespace: string, right: string][]): Principal {
    return {
      kind: "robot",
      id: 1,
      name: "robot$x",
      permissions: permissions.map(([namespace, right]) => {
        const [resource = "", action = ""] = right.split(":");
        return { kind: namespace === "/" ? "system" : "project", namespace, resource, action };
      }),
    };
  }

  function principalOf(column: string): Principal {
    const principal = principals.get(column);
    if (principal === undefined) throw new Error(`Nobody is ${column}`);
    return principal;
  }

  function parse(matrix: string): ReadonlyMap<string, Readonly<Record<string, string>>> {
    const [header = "", ...rows] = matrix.trim().split("\n");
    const names = header.trim().split(/\s+/);
    return new Map(
      rows.map((row) => {
        const [right = "", ...cells] = row.trim().split(/\s+/);
        return [right, Object.fromEntries(names.map((name, index) => [name, cells[index] ?? ""]))];
      }),
    );
  }

  function words(text: string): ReadonlySet<string> {
    return new Set(text.trim().split(/\s+/));
  }
});

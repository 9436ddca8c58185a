import { expect, test } from "bun:test";
import { anonymous, type RobotPermission } from "../../src/access/index.ts";
import { minute } from "../../src/kernel/index.ts";
import { listQuery, openFixture } from "../projects/fixture.ts";
import { describeOnEngines } from "../support/engines.ts";

describeOnEngines("robots that are lent to scanners", (open) => {
  const inRepository = (action: string): RobotPermission => ({
    kind: "project",
    namespace: "library/alpine",
    resource: "repository",
    action,
  });

  async function openRoom() {
    const fixture = await openFixture(open);
    const owner = await fixture.user("owner");
    await fixture.projects.ensureLibrary(owner);
    const { projects, rights } = fixture;
    await projects.updateMetadata(
      { kind: "system", name: "system", address: "", requestId: "" },
      1,
      "public",
      "false",
    );
    const actions = async (name: string, secret: string, repository: string) => {
      const account = await fixture.access.robots.authenticate(name, secret);
      const [project = ""] = repository.split("/");
      return [
        ...(await rights.repositoryActions(account?.principal ?? anonymous, project, repository)),
      ].sort();
    };
    return { fixture, actions, [Symbol.asyncDispose]: () => fixture[Symbol.asyncDispose]() };
  }

  test("have rights in the one repository, and nowhere else", async () => {
    await using room = await openRoom();
    const { temporaryRobots } = room.fixture.access;
    const pulls = [inRepository("pull"), inRepository("scanner-pull")];
    const { name, secret } = await temporaryRobots.lend("scan-1", pulls, minute);
    expect(secret).toMatch(/^[A-Za-z0-9]{32}$/);
    expect(await room.actions(name, secret, "library/alpine")).toEqual(["pull", "scanner-pull"]);
    expect(await room.actions(name, secret, "library/other")).toEqual([]);
    expect(await room.actions(name, secret, "library/alpine/deeper")).toEqual([]);
  });

  test("end with the scan, with their time, and when another takes their name", async () => {
    await using room = await openRoom();
    const { robots, temporaryRobots } = room.fixture.access;
    const first = await temporaryRobots.lend("scan-1", [inRepository("pull")], minute);
    const second = await temporaryRobots.lend("scan-1", [inRepository("pull")], minute);
    expect(await robots.authenticate(first.name, first.secret)).toBeNull();
    expect(await robots.authenticate(second.name, second.secret)).not.toBeNull();
    await temporaryRobots.takeBack("scan-1");
    expect(await robots.authenticate(second.name, second.secret)).toBeNull();

    const { name, secret } = await temporaryRobots.lend("scan-2", [inRepository("pull")], minute);
    room.fixture.clock.now += minute;
    await expect(robots.authenticate(name, secret)).rejects.toThrow("expired");
    room.fixture.clock.now += 1;
    await temporaryRobots.purge();
    expect(await robots.authenticate(name, secret)).toBeNull();
  });

  test("are in no list, and cannot be got or changed", async () => {
    await using room = await openRoom();
    const { robots, temporaryRobots } = room.fixture.access;
    const { id } = await temporaryRobots.lend("scan-1", [inRepository("pull")], minute);
    const system = new Map([["level", { kind: "is", value: "system" } as const]]);
    expect((await robots.list(listQuery({ criteria: system }))).items).toEqual([]);
    await expect(robots.get(id)).rejects.toMatchObject({ code: "NOT_FOUND" });
    await expect(
      robots.refreshSecret({ kind: "system", name: "", address: "", requestId: "" }, id),
    ).rejects.toMatchObject({ code: "NOT_FOUND" });
  });
});

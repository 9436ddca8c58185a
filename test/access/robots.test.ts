import { expect, test } from "bun:test";
import type { NewRobot } from "../../src/access/index.ts";
import { day } from "../../src/kernel/index.ts";
import { describeOnEngines } from "../support/engines.ts";
import { administrator, audited, client, everything, type Harness, openAccess, refusal } from "./harness.ts";

describeOnEngines("robots", (open) => {
  const pull = { kind: "project", namespace: "library", resource: "repository", action: "pull" } as const;
  const push = { ...pull, action: "push" } as const;

  const systemRobot: NewRobot = {
    name: "ci",
    project: null,
    description: "",
    duration: -1,
    disabled: false,
    permissions: [pull],
  };

  async function makeProject({ database, now }: Harness, name: string) {
    const values = {
      name,
      owner_id: 1,
      public: 0,
      storage_limit: -1,
      storage_used: 0,
      created_at: now(),
      updated_at: now(),
    };
    return database.write((tx) =>
      tx.insertInto("project").values(values).returning(["id", "name"]).executeTakeFirstOrThrow(),
    );
  }

  test("a robot of the system and one of a project, by their names and secrets", async () => {
    await using room = await openAccess(open);
    const { robots, credentials } = room.access;
    const project = await makeProject(room, "library");
    const ofSystem = await robots.create(administrator, systemRobot);
    const ofProject = await robots.create(administrator, {
      ...systemRobot,
      project,
      permissions: [pull, push, push],
    });
    expect(ofSystem.robot).toMatchObject({
      name: "robot$ci",
      level: "system",
      projectId: null,
      creator: "admin",
    });
    expect(ofProject.robot).toMatchObject({
      name: "robot$library+ci",
      level: "project",
      projectId: project.id,
    });
    expect(ofProject.secret).toMatch(/^[A-Za-z0-9]{32}$/);
    expect(await credentials.authenticate("robot$library+ci", ofProject.secret, client)).toEqual({
      kind: "robot",
      id: ofProject.robot.id,
      name: "robot$library+ci",
      permissions: [pull, push],
    });
    expect(await refusal(credentials.authenticate("robot$library+ci", ofSystem.secret, client))).toBe(
      "UNAUTHORIZED",
    );
    expect(await refusal(credentials.authenticate("ci", ofSystem.secret, client))).toBe("UNAUTHORIZED");
    const list = await robots.list({
      ...everything,
      criteria: new Map([["Level", { kind: "is", value: "system" }]]),
    });
    expect(list.items).toEqual([ofSystem.robot]);
  });

  test("the secret is nowhere in the database", async () => {
    await using room = await openAccess(open);
    const { secret } = await room.access.robots.create(administrator, systemRobot);
    const rows = await room.database.read.selectFrom("robot").selectAll().execute();
    expect(JSON.stringify(rows)).not.toContain(secret);
    expect(JSON.stringify(await audited(room.database))).not.toContain(secret);
  });

  test.each([
    ["a name with the sign between project and robot", { name: "a+b" }],
    ["an upper-case name", { name: "CI" }],
    ["a duration of no day", { duration: 0 }],
    ["a duration of half a day", { duration: 0.5 }],
    ["no permission at all", { permissions: [] }],
    ["a system permission in a project", { permissions: [{ ...pull, kind: "system" as const }] }],
    ["a project's robot with rights elsewhere", { project: { id: 1, name: "other" } }],
    ["a description without end", { description: "x".repeat(1025) }],
  ])("%s is refused", async (_, part) => {
    await using room = await openAccess(open);
    expect(await refusal(room.access.robots.create(administrator, { ...systemRobot, ...part }))).toBe(
      "BAD_REQUEST",
    );
  });

  test("names are unique in a project and in the system", async () => {
    await using room = await openAccess(open);
    await room.access.robots.create(administrator, systemRobot);
    expect(await refusal(room.access.robots.create(administrator, systemRobot))).toBe("CONFLICT");
  });

  test("what an administrator changes holds at once, also for credentials that are remembered", async () => {
    await using room = await openAccess(open);
    const { robots, credentials } = room.access;
    const { robot, secret } = await robots.create(administrator, systemRobot);
    const authenticate = () => credentials.authenticate("robot$ci", secret, client);
    await authenticate();
    await robots.update(administrator, robot.id, { ...systemRobot, permissions: [push] });
    expect(await authenticate()).toMatchObject({ permissions: [push] });
    await robots.update(administrator, robot.id, { ...systemRobot, disabled: true });
    await expect(authenticate()).rejects.toThrow("disabled");
    await robots.update(administrator, robot.id, systemRobot);
    await authenticate();
    const renewed = await robots.refreshSecret(administrator, robot.id);
    expect(await refusal(authenticate())).toBe("UNAUTHORIZED");
    await credentials.authenticate("robot$ci", renewed, client);
    expect(await refusal(robots.refreshSecret(administrator, robot.id, "weak"))).toBe("BAD_REQUEST");
    expect(await robots.refreshSecret(administrator, robot.id, "Chosen-12345")).toBe("Chosen-12345");
    await credentials.authenticate("robot$ci", "Chosen-12345", client);
    await robots.delete(administrator, robot.id);
    expect(await refusal(credentials.authenticate("robot$ci", "Chosen-12345", client))).toBe("UNAUTHORIZED");
    expect(await refusal(robots.get(robot.id))).toBe("NOT_FOUND");
  });

  test("a robot expires, with remembered credentials too, and lives on when its duration is extended", async () => {
    await using room = await openAccess(open);
    const { robots, credentials } = room.access;
    const { robot, secret } = await robots.create(administrator, { ...systemRobot, duration: 2 });
    expect(robot.expiresAt).toBe(room.now() + 2 * day);
    room.pass(2 * day - 1000);
    await credentials.authenticate("robot$ci", secret, client);
    room.pass(1000);
    await expect(credentials.authenticate("robot$ci", secret, client)).rejects.toThrow("expired");
    await robots.update(administrator, robot.id, { ...systemRobot, duration: 30 });
    await credentials.authenticate("robot$ci", secret, client);
    await robots.update(administrator, robot.id, systemRobot);
    expect((await robots.get(robot.id)).expiresAt).toBeNull();
  });

  test("a project that goes takes its robots and all rights in it along", async () => {
    await using room = await openAccess(open);
    const { robots } = room.access;
    const project = await makeProject(room, "library");
    const own = await robots.create(administrator, { ...systemRobot, project });
    const everywhere = { ...pull, namespace: "*" };
    const other = await robots.create(administrator, { ...systemRobot, permissions: [pull, everywhere] });
    await room.database.write((tx) => robots.forgetProject(tx, project));
    expect(await refusal(robots.get(own.robot.id))).toBe("NOT_FOUND");
    expect((await robots.get(other.robot.id)).permissions).toEqual([everywhere]);
  });
});

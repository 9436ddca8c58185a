import { expect, test } from "bun:test";
import { minute } from "../../src/kernel/index.ts";
import { describeOnEngines } from "../support/engines.ts";
import { administrator, audited, newUser, openAccess } from "./harness.ts";

describeOnEngines("sessions", (open) => {
  test("a session lasts as long as it is used, and an hour more", async () => {
    await using room = await openAccess(open);
    const { users, sessions } = room.access;
    const { id: userId } = await users.create(administrator, newUser("alice"));
    const id = await sessions.open(userId);
    for (let n = 0; n < 5; n++) {
      room.pass(50 * minute);
      expect(await sessions.find(id)).toMatchObject({ principal: { name: "alice" } });
    }
    room.pass(60 * minute);
    expect(await sessions.find(id)).toBeNull();
  });

  test("use writes to the database seldom", async () => {
    await using room = await openAccess(open);
    const { users, sessions } = room.access;
    const { id: userId } = await users.create(administrator, newUser("alice"));
    const id = await sessions.open(userId);
    const expiry = async () =>
      (await room.database.read.selectFrom("session").select("expires_at").executeTakeFirstOrThrow())
        .expires_at;
    const opened = await expiry();
    room.pass(4 * minute);
    await sessions.find(id);
    expect(await expiry()).toBe(opened);
    room.pass(2 * minute);
    await sessions.find(id);
    expect(await expiry()).toBe(opened + 6 * minute);
  });

  test("the database does not hold what the cookie does", async () => {
    await using room = await openAccess(open);
    const { users, sessions } = room.access;
    const { id: userId } = await users.create(administrator, newUser("alice"));
    const id = await sessions.open(userId);
    const rows = await room.database.read.selectFrom("session").selectAll().execute();
    expect(JSON.stringify(rows)).not.toContain(id);
    expect(await sessions.find(rows[0]?.id_hash ?? "")).toBeNull();
  });

  test("a session ends by logout, which is recorded, and old ones are swept away", async () => {
    await using room = await openAccess(open);
    const { users, sessions } = room.access;
    const { id: userId } = await users.create(administrator, newUser("alice"));
    const [ended, forgotten] = [await sessions.open(userId), await sessions.open(userId)];
    const alice = { ...administrator, name: "alice" };
    await sessions.close(alice, ended);
    await sessions.close(alice, ended);
    expect(await sessions.find(ended)).toBeNull();
    expect(await sessions.find(forgotten)).not.toBeNull();
    const logouts = (await audited(room.database)).filter(({ operation }) => operation === "logout");
    expect(logouts).toHaveLength(1);
    expect(logouts[0]).toMatchObject({ actor: "alice", resource: "alice" });
    room.pass(60 * minute);
    await room.access.purge();
    expect(await room.database.read.selectFrom("session").selectAll().execute()).toEqual([]);
  });

  test("a CSRF token belongs to one session", async () => {
    await using room = await openAccess(open);
    const { users, sessions } = room.access;
    const { id: userId } = await users.create(administrator, newUser("alice"));
    const [one, other] = [await sessions.open(userId), await sessions.open(userId)];
    const session = await sessions.find(one);
    if (session === null) throw new Error("there is no session");
    expect(sessions.isCsrfTokenOf(session, sessions.csrfTokenOf(one))).toBe(true);
    expect(sessions.isCsrfTokenOf(session, sessions.csrfTokenOf(other))).toBe(false);
    expect(sessions.isCsrfTokenOf(session, "")).toBe(false);
    expect(sessions.csrfTokenOf(one)).not.toContain(one);
  });
});

import { expect, test } from "bun:test";
import { describeOnEngines } from "../support/engines.ts";
import {
  administrator,
  audited,
  client,
  everything,
  newUser,
  openAccess,
  password,
  refusal,
} from "./harness.ts";

describeOnEngines("users", (open) => {
  test("a user is created, found by name and email, listed and recorded", async () => {
    await using room = await openAccess(open);
    const { users } = room.access;
    const alice = await users.create(administrator, newUser("alice"));
    await users.create(administrator, newUser("bob"));
    expect(await users.get(alice.id)).toEqual(alice);
    expect(await users.find("alice")).toEqual(alice);
    expect(await users.find("alice@example.com")).toEqual(alice);
    expect(await users.find("nobody")).toBeNull();
    const criteria = new Map([["username", { kind: "contains", text: "LIC" } as const]]);
    expect(await users.list({ ...everything, criteria })).toEqual({ items: [alice], total: 1 });
    const sort = [{ field: "username", descending: true }];
    expect((await users.list({ ...everything, sort, limit: 1 })).items[0]?.username).toBe("bob");
    expect(await users.count()).toBe(2);
    expect((await audited(room.database))[0]).toEqual({
      operation: "create",
      resource_type: "user",
      resource: "alice",
      actor: "admin",
      actor_kind: "user",
      outcome: "success",
    });
  });

  test("a username or email is nobody's else", async () => {
    await using room = await openAccess(open);
    const { users } = room.access;
    await users.create(administrator, newUser("alice"));
    const bob = await users.create(administrator, newUser("bob"));
    const { email } = newUser("alice");
    expect(await refusal(users.create(administrator, newUser("alice")))).toBe("CONFLICT");
    expect(await refusal(users.create(administrator, { ...newUser("carol"), email }))).toBe("CONFLICT");
    const profile = { email, realname: "Bob", comment: "" };
    expect(await refusal(users.updateProfile(administrator, bob.id, profile))).toBe("CONFLICT");
    await users.updateProfile(administrator, bob.id, { ...profile, email: "bob@example.com" });
    expect((await users.get(bob.id)).realname).toBe("Bob");
  });

  test.each([
    ["an empty name", { username: "" }],
    ["a long name", { username: "a".repeat(256) }],
    ["a robot's sign", { username: "robot$ci" }],
    ["the sign of deleted users", { username: "alice#1" }],
    ["a colon, which Basic credentials cannot carry", { username: "a:b" }],
    ["a control character", { username: "a\u0000b" }],
    ["an email that is none", { email: "alice" }],
    ["an empty realname", { realname: "" }],
    ["a long comment", { comment: "x".repeat(31) }],
    ["a weak password", { password: "alllowercase1" }],
    ["a short password", { password: "Short1" }],
    ["a long password", { password: `Aa1${"x".repeat(126)}` }],
  ])("%s is refused", async (_, part) => {
    await using room = await openAccess(open);
    expect(await refusal(room.access.users.create(administrator, { ...newUser("alice"), ...part }))).toBe(
      "BAD_REQUEST",
    );
  });

  test("a deleted user's names are free again, and the account is gone", async () => {
    await using room = await openAccess(open);
    const { users, credentials, sessions } = room.access;
    const old = await users.create(administrator, newUser("alice"));
    const session = await sessions.open(old.id);
    await credentials.authenticate("alice", password, client);
    await users.delete(administrator, old.id);
    expect(await refusal(credentials.authenticate("alice", password, client))).toBe("UNAUTHORIZED");
    expect(await sessions.find(session)).toBeNull();
    expect(await refusal(users.get(old.id))).toBe("NOT_FOUND");
    expect(await refusal(users.delete(administrator, old.id))).toBe("NOT_FOUND");
    const young = await users.create(administrator, newUser("alice"));
    expect(young.id).not.toBe(old.id);
    expect(await users.count()).toBe(1);
  });

  test("there is always an administrator, and nobody deletes themselves", async () => {
    await using room = await openAccess(open);
    const { users } = room.access;
    await users.ensureAdmin(password);
    const alice = await users.create(administrator, newUser("alice"));
    expect(await refusal(users.setAdmin(administrator, 1, false))).toBe("PRECONDITION");
    expect(await refusal(users.delete(administrator, 1))).toBe("FORBIDDEN");
    const asAlice = { ...administrator, name: "alice" };
    expect(await refusal(users.delete(asAlice, 1))).toBe("PRECONDITION");
    await users.setAdmin(administrator, alice.id, true);
    await users.delete(asAlice, 1);
    expect(await refusal(users.setAdmin(asAlice, alice.id, false))).toBe("PRECONDITION");
  });

  test("the first start makes an administrator, later ones do not", async () => {
    await using room = await openAccess(open);
    const { users, credentials } = room.access;
    const generated = (await users.ensureAdmin(null)) ?? "";
    expect(generated).toMatch(/^[A-Za-z0-9]{20}$/);
    expect(await credentials.authenticate("admin", generated, client)).toMatchObject({
      name: "admin",
      admin: true,
    });
    expect(await users.ensureAdmin(null)).toBeNull();
    expect(await users.ensureAdmin("Harbor12345")).toBeNull();
    expect(await users.count()).toBe(1);
  });

  test("a given first password is taken as it is and not said again", async () => {
    await using room = await openAccess(open);
    expect(await room.access.users.ensureAdmin("simple")).toBeNull();
    expect(await room.access.credentials.authenticate("admin", "simple", client)).toMatchObject({
      admin: true,
    });
  });

  test("processes that start together make one administrator", async () => {
    await using room = await openAccess(open);
    const starts = [room.access, room.another(), room.another()].map(({ users }) => users.ensureAdmin(null));
    expect((await Promise.all(starts)).filter((generated) => generated !== null)).toHaveLength(1);
  });

  test("a new password needs the right old one, differs from it, and ends sessions and what was proven", async () => {
    await using room = await openAccess(open);
    const { users, credentials, sessions } = room.access;
    const { id } = await users.create(administrator, newUser("alice"));
    const session = await sessions.open(id);
    await credentials.authenticate("alice", password, client);
    const change = (to: string, old?: string) => users.changePassword(administrator, id, to, old);
    expect(await refusal(change("Another-12345", "wrong"))).toBe("FORBIDDEN");
    expect(await refusal(change(password, password))).toBe("BAD_REQUEST");
    expect(await refusal(change("weak", password))).toBe("BAD_REQUEST");
    await change("Another-12345", password);
    expect(await sessions.find(session)).toBeNull();
    expect(await refusal(credentials.authenticate("alice", password, client))).toBe("UNAUTHORIZED");
    await credentials.authenticate("alice", "Another-12345", client);
    await change("By-Admin-12345");
    await credentials.authenticate("alice", "By-Admin-12345", client);
  });
});

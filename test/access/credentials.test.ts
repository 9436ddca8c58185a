import { expect, spyOn, test } from "bun:test";
import { anonymous, callerOf, type Principal, principalName } from "../../src/access/index.ts";
import { Turns } from "../../src/access/turns.ts";
import { hour, minute } from "../../src/kernel/index.ts";
import { describeOnEngines } from "../support/engines.ts";
import { administrator, audited, client, newUser, openAccess, password, refusal } from "./harness.ts";

describeOnEngines("credentials", (open) => {
  const logins = (records: Awaited<ReturnType<typeof audited>>) =>
    records.filter(({ operation }) => operation === "login");

  test("logins are recorded with who, what and the outcome; the password is not", async () => {
    await using room = await openAccess(open);
    const { users, credentials } = room.access;
    await users.create(administrator, newUser("alice"));
    await credentials.login("alice", password, client);
    await refusal(credentials.login("alice", "Wrong-Password-1", client));
    await refusal(credentials.login("nobody", "Wrong-Password-1", client));
    const records = await room.database.read.selectFrom("audit_log").selectAll().execute();
    expect(logins(await audited(room.database))).toEqual([
      {
        operation: "login",
        resource_type: "user",
        resource: "alice",
        actor: "alice",
        actor_kind: "user",
        outcome: "success",
      },
      {
        operation: "login",
        resource_type: "user",
        resource: "alice",
        actor: "anonymous",
        actor_kind: "anonymous",
        outcome: "failure",
      },
      {
        operation: "login",
        resource_type: "user",
        resource: "nobody",
        actor: "anonymous",
        actor_kind: "anonymous",
        outcome: "failure",
      },
    ]);
    expect(records.at(-1)).toMatchObject({ address: client.address, request_id: client.requestId });
    expect(JSON.stringify(records)).not.toMatch(new RegExp(`Wrong-Password-1|${password}`));
  });

  test("who hangs up while they wait for their turn is recorded with their address", async () => {
    await using room = await openAccess(open);
    let address = client.address;
    const leaving = {
      requestId: client.requestId,
      get address() {
        return address;
      },
    };
    const login = refusal(room.access.credentials.login("nobody", password, leaving));
    address = "";
    await login;
    const records = await room.database.read.selectFrom("audit_log").select("address").execute();
    expect(records).toEqual([{ address: client.address }]);
  });

  test("credentials are verified once for many requests, and again after some minutes", async () => {
    await using room = await openAccess(open);
    const { users, credentials } = room.access;
    await users.create(administrator, newUser("alice"));
    const authenticate = () => credentials.authenticate("alice", password, client);
    await Promise.all([authenticate(), authenticate(), authenticate()]);
    await authenticate();
    expect(logins(await audited(room.database))).toHaveLength(1);
    room.pass(5 * minute);
    await authenticate();
    expect(logins(await audited(room.database))).toHaveLength(2);
  });

  test("remembered credentials show the account as it stands", async () => {
    await using room = await openAccess(open);
    const { users, credentials } = room.access;
    await users.ensureAdmin(password);
    const { id } = await users.create(administrator, newUser("alice"));
    const authenticate = () => credentials.authenticate("alice", password, client);
    expect(await authenticate()).toMatchObject({ admin: false });
    await users.setAdmin(administrator, id, true);
    expect(await authenticate()).toMatchObject({ admin: true });
    await room.another().users.setAdmin(administrator, id, false);
    expect(await authenticate()).toMatchObject({ admin: false });
  });

  test("the bearer of a token is shown as the account stands, until there is none", async () => {
    await using room = await openAccess(open);
    const { users, tokens, verify, principalOf } = room.access;
    await users.ensureAdmin(password);
    const { id } = await users.create(administrator, newUser("alice"));
    const bearer = async (principal: Principal) => {
      const verified = await verify((await tokens.issue(principal, [])).token);
      if (verified.state !== "valid") throw new Error("the token is not valid");
      expect(callerOf(verified.token, "", "").name).toBe(principalName(principal));
      return verified.token;
    };
    const alice = await bearer({ kind: "user", id, name: "alice", admin: false });
    expect(await principalOf(await bearer(anonymous))).toEqual(anonymous);
    await users.setAdmin(administrator, id, true);
    expect(await principalOf(alice)).toEqual({ kind: "user", id, name: "alice", admin: true });
    await users.delete(administrator, id);
    expect(await principalOf(alice)).toBeNull();
  });

  test("a token ends with its account, in every process, and is answered at once while nothing changes", async () => {
    await using room = await openAccess(open);
    const { robots, temporaryRobots, tokens, users, verify } = room.access;
    await users.ensureAdmin(password);
    const { id } = await users.create(administrator, newUser("alice"));
    const reads = { kind: "system", namespace: "/", resource: "catalog", action: "read" } as const;
    const settings = { description: "", duration: 1, disabled: false, permissions: [reads] };
    const { robot } = await robots.create(administrator, { ...settings, name: "ci", project: null });
    const lent = await temporaryRobots.lend("scan-1", [], 10 * minute);
    const issue = async (principal: Principal) => (await tokens.issue(principal, [])).token;
    const alice = await issue({ kind: "user", id, name: "alice", admin: false });
    const ci = await issue({ kind: "robot", id: robot.id, name: robot.name, permissions: [] });
    const scan = await issue({ kind: "robot", id: lent.id, name: lent.name, permissions: [] });
    const other = room.another();
    const states = async () => {
      const all = [alice, ci, scan, await issue(anonymous)].flatMap((token) => [
        verify(token),
        other.verify(token),
      ]);
      return (await Promise.all(all)).map(({ state }) => state[0]).join("");
    };
    expect(await states()).toBe("vvvvvvvv");
    if (room.database.engine === "sqlite") expect(verify(alice)).not.toBeInstanceOf(Promise);

    await temporaryRobots.takeBack("scan-1");
    expect(await states()).toBe("vvvviivv");
    await other.robots.update(administrator, robot.id, { ...settings, disabled: true });
    expect(await states()).toBe("vviiiivv");
    await robots.update(administrator, robot.id, settings);
    await users.delete(administrator, id);
    expect(await states()).toBe("iivviivv");

    const short = await temporaryRobots.lend("scan-2", [], minute);
    const ending = await issue({ kind: "robot", id: short.id, name: short.name, permissions: [] });
    expect((await verify(ending)).state).toBe("valid");
    room.pass(minute);
    expect((await verify(ending)).state).toBe("invalid");
    // Nor is it good for going on with an upload, as one is whose account still stands.
    room.pass(hour);
    expect((await verify(ci)).state).toBe("expired");
    expect((await verify(scan)).state).toBe("invalid");
  });

  test("a name and a password are not joined so that other credentials look the same", async () => {
    await using room = await openAccess(open);
    await room.access.users.create(administrator, { ...newUser("alice"), password: "1:Secret-12345" });
    await room.access.credentials.authenticate("alice", "1:Secret-12345", client);
    expect(await refusal(room.access.credentials.authenticate("alice1", ":Secret-12345", client))).toBe(
      "UNAUTHORIZED",
    );
  });

  test.each([
    ["nothing", "", ""],
    ["no password", "alice", ""],
    ["a huge name", "a".repeat(1_000_000), password],
    ["a huge password", "alice", "Aa1".repeat(1_000_000)],
    ["control characters", "ali\u0000ce", password],
    ["half a character", "\ud800", "\udc00"],
    ["the name of a deleted user", "alice#1", password],
    ["another way to write the name", "ALICE", password],
  ])("%s is refused like any wrong credentials", async (_, name, secret) => {
    await using room = await openAccess(open);
    await room.access.users.create(administrator, newUser("alice"));
    expect(await refusal(room.access.credentials.authenticate(name, secret, client))).toBe("UNAUTHORIZED");
  });

  test("an unknown name costs the same work as a wrong password", async () => {
    await using room = await openAccess(open);
    await room.access.users.create(administrator, newUser("alice"));
    using verify = spyOn(Bun.password, "verify");
    const workFor = async (name: string) => {
      verify.mockClear();
      await refusal(room.access.credentials.login(name, "Wrong-1", client));
      // Algorithm and cost: `$argon2id$v=19$m=…,t=…,p=…`.
      return verify.mock.calls.map(([, hash]) => String(hash).split("$").slice(0, 4).join("$"));
    };
    const forAlice = await workFor("alice");
    expect(forAlice).toHaveLength(1);
    expect(await workFor("nobody")).toEqual(forAlice);
  });

  test("some run at a time, some wait, the rest is turned away", async () => {
    const turns = new Turns(2, 1);
    const gate = Promise.withResolvers<void>();
    let running = 0;
    const work = () =>
      turns.run(async () => {
        running++;
        await gate.promise;
      });
    const admitted = [work(), work(), work()];
    expect(await refusal(work())).toBe("TOOMANYREQUESTS");
    expect(running).toBe(2);
    gate.resolve();
    await Promise.all(admitted);
    expect(running).toBe(3);
    await work();
  });
});

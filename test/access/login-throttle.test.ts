import { expect, test } from "bun:test";
import { networkOf } from "../../src/access/network.ts";
import { day, hour, isRefusal, minute, second } from "../../src/kernel/index.ts";
import { describeOnEngines } from "../support/engines.ts";
import { administrator, type Harness, newUser, openAccess, password, refusal } from "./harness.ts";

describeOnEngines("the login throttle", (open) => {
  const from = (address: string) => ({ address, requestId: "" });
  const home = from("198.51.100.1");
  const stranger = from("203.0.113.1");

  async function withAlice(): Promise<Harness> {
    const room = await openAccess(open);
    await room.access.users.create(administrator, newUser("alice"));
    return room;
  }

  /** Guesses until a guess is refused unheard; answers how many were heard. */
  async function guessUntilBlocked(
    { access }: Harness,
    name: (n: number) => string,
    client = stranger,
  ): Promise<number> {
    for (let heard = 0; heard < 100; heard++) {
      const code = await refusal(access.credentials.login(name(heard), `Wrong-${heard}`, client));
      if (code === "TOOMANYREQUESTS") return heard;
    }
    throw new Error("nothing stopped the guesses");
  }

  async function retryAfter(work: Promise<unknown>): Promise<unknown> {
    try {
      await work;
    } catch (error) {
      if (isRefusal(error, "TOOMANYREQUESTS")) return error.detail;
    }
    return null;
  }

  test("after some free attempts on an account each wait is twice as long, up to a quarter of an hour", async () => {
    await using room = await withAlice();
    const guess = () => room.access.credentials.login("alice", "Wrong", stranger);
    expect(await guessUntilBlocked(room, () => "alice")).toBe(11);
    const waits: number[] = [];
    for (let n = 0; n < 16; n++) {
      const detail = (await retryAfter(guess())) as { retryAfter: number };
      waits.push(detail.retryAfter);
      room.pass(detail.retryAfter * second);
      expect(await refusal(guess())).toBe("UNAUTHORIZED");
    }
    expect(waits.slice(0, 8)).toEqual([1, 2, 4, 8, 16, 32, 64, 128]);
    expect(Math.max(...waits)).toBeLessThanOrEqual((15 * minute) / second);
  });

  test("a blocked attempt is refused unheard: the right password is too", async () => {
    await using room = await withAlice();
    await guessUntilBlocked(room, () => "alice");
    expect(await refusal(room.access.credentials.login("alice", password, stranger))).toBe("TOOMANYREQUESTS");
    room.pass(second);
    await room.access.credentials.login("alice", password, stranger);
  });

  test("an address that tries many accounts is slowed down for all of them", async () => {
    await using room = await withAlice();
    expect(await guessUntilBlocked(room, (n) => `user-${n}`)).toBe(31);
    expect(await refusal(room.access.credentials.login("alice", password, stranger))).toBe("TOOMANYREQUESTS");
  });

  test("strangers cannot lock the owner out: neither at home nor at a new place", async () => {
    await using room = await withAlice();
    const { credentials } = room.access;
    await credentials.login("alice", password, home);
    await guessUntilBlocked(room, () => "alice");
    await credentials.login("alice", password, home);
    await guessUntilBlocked(room, () => "alice", from("203.0.113.99"));
    await credentials.login("alice", password, from("192.0.2.200"));
  });

  test("from a new place the blocked account has one attempt, not more", async () => {
    await using room = await withAlice();
    await guessUntilBlocked(room, () => "alice");
    expect(await guessUntilBlocked(room, () => "alice", from("192.0.2.201"))).toBe(1);
  });

  test("at home, others' wrong passwords do not count, but the account's own do", async () => {
    await using room = await withAlice();
    const { credentials } = room.access;
    await credentials.login("alice", password, home);
    await guessUntilBlocked(room, (n) => `user-${n}`, home);
    await credentials.login("alice", password, home);
    expect(await guessUntilBlocked(room, () => "alice", home)).toBe(11);
    await credentials.login("alice", password, from("192.0.2.202"));
  });

  test("failures are forgiven in time, and at once after a right password", async () => {
    await using room = await withAlice();
    const { credentials } = room.access;
    await guessUntilBlocked(room, () => "alice");
    room.pass(hour);
    expect(await guessUntilBlocked(room, () => "alice")).toBe(11);
    await credentials.login("alice", password, home);
    const subjects = await room.database.read.selectFrom("login_attempt").select("subject").execute();
    expect(subjects.map(({ subject }) => subject)).not.toContain("account:alice");
  });

  test("other processes see the counts", async () => {
    await using room = await withAlice();
    await guessUntilBlocked(room, () => "alice");
    const other = room.another();
    expect(await refusal(other.credentials.login("alice", password, stranger))).toBe("TOOMANYREQUESTS");
  });

  test("of guesses sent all at once only a few more are heard than one after another", async () => {
    await using room = await withAlice();
    const guesses = Array.from({ length: 60 }, (_, n) =>
      refusal(room.access.credentials.login("alice", `Wrong-${n}`, stranger)),
    );
    const heard = (await Promise.all(guesses)).filter((code) => code === "UNAUTHORIZED").length;
    expect(heard).toBeGreaterThanOrEqual(11);
    expect(heard).toBeLessThanOrEqual(14);
  });

  test("the table forgets", async () => {
    await using room = await withAlice();
    const count = async () => {
      await room.access.purge();
      return (await room.database.read.selectFrom("login_attempt").select("subject").execute()).length;
    };
    await room.access.credentials.login("alice", password, home);
    await guessUntilBlocked(room, (n) => `user-${n}`);
    expect(await count()).toBe(33);
    room.pass(day + 1);
    expect(await count()).toBe(1);
    room.pass(7 * day);
    expect(await count()).toBe(0);
  });

  test.each([
    ["203.0.113.5", "203.0.113.5"],
    ["::ffff:203.0.113.5", "203.0.113.5"],
    ["2001:db8:1:2ff:aaaa:bbbb:cccc:dddd", "2001:db8:1:200::/56"],
    ["2001:DB8:1:201::1", "2001:db8:1:200::/56"],
    ["2001:db8::1", "2001:db8:0:0::/56"],
    ["::1", "0:0:0:0::/56"],
    ["fe80::1%eth0", "fe80:0:0:0::/56"],
    ["", ""],
  ])("the network of %s is %s", (address, network) => {
    expect(networkOf(address)).toBe(network);
  });
});

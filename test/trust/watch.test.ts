import { afterAll, beforeAll, beforeEach, expect, test } from "bun:test";
import type { Database } from "../../src/db/index.ts";
import { Events } from "../../src/events/index.ts";
import { day, parseRepositoryName, second } from "../../src/kernel/index.ts";
import { createTrust, type Trust } from "../../src/trust/index.ts";
import { Pusher } from "../api/content.ts";
import { type ApiFixture, host, openApi } from "../api/fixture.ts";
import { describeOnEngines } from "../support/engines.ts";
import { Signer } from "./signer.ts";
import { caller } from "./trust-server.ts";

describeOnEngines("the watch over signed tags", (open) => {
  let fixture: ApiFixture;
  let push: Pusher;
  let name: string;
  let signer: Signer;
  let seen = 0;

  beforeAll(async () => {
    fixture = await openApi(open);
    push = new Pusher(fixture.registry);
    await fixture.admin.post("/projects", { project_name: "team" });
  });
  beforeEach(async () => {
    fixture.rooms.clock.now = Date.now();
    await fixture.trust.watch.work();
    name = `team/image-${crypto.randomUUID().slice(0, 8)}`;
    signer = await Signer.create(fixture.trust, `${host}/${name}`);
    seen = (await records()).length;
  });
  afterAll(() => fixture[Symbol.asyncDispose]());

  const records = () =>
    fixture.rooms.database.read
      .selectFrom("audit_log")
      .selectAll()
      .where("operation", "in", ["tampered", "expired", "restored", "expiring"])
      .orderBy("id")
      .execute();
  /** What was recorded since the test began: `<operation> <resource> by <actor>`. */
  const news = async () =>
    (await records())
      .slice(seen)
      .map(
        (row) =>
          `${row.operation} ${row.resource.replace(`${host}/`, "").replace(name, "it")} by ${row.actor}`,
      );
  const work = async () => (await fixture.trust.watch.work()).map(({ kind }) => kind);
  const troubled = (state: "tampered" | "expired") => fixture.trust.watch.count(state);

  test("a push over a signed tag is told of: who pushed, and both digests", async () => {
    const good = await push.newImage(name, ["1.0"]);
    await signer.sign({ "1.0": good });
    expect(await work()).toEqual([]);
    const evil = await push.newImage(name, ["1.0"]);
    expect(await work()).toEqual(["tampered"]);
    expect(await news()).toEqual(["tampered it:1.0 by pusher"]);
    const record = (await records()).at(-1);
    expect(record).toMatchObject({ resource_type: "tag", address: "192.0.2.8", request_id: "r8" });
    expect(record?.project_id).toBeGreaterThan(0);
    expect(record?.detail).toBe(`The tag points to ${evil}; targets signed ${good}.`);
  });

  test("once for each change, and again when it is as signed", async () => {
    const good = await push.newImage(name, ["1.0"]);
    await signer.sign({ "1.0": good });
    await push.newImage(name, ["1.0"]);
    await work();
    const evil = await push.newImage(name, ["other"]);
    await signer.sign({ "1.0": good });
    expect(await work()).toEqual([]);
    await fixture.registry.manifests.put(caller, parseRepositoryName(name), {
      ...(await manifest(evil)),
      tags: ["1.0"],
    });
    expect(await work()).toEqual(["tampered"]);
    const before = await troubled("tampered");
    await signer.sign({ "1.0": evil });
    expect(await work()).toEqual(["restored"]);
    expect(await troubled("tampered")).toBe(before - 1);
    expect(await news()).toEqual([
      "tampered it:1.0 by pusher",
      "tampered it:1.0 by alice",
      "restored it:1.0 by alice",
    ]);
  });

  test("what was published several times is looked at once, and what was pushed in between for each push", async () => {
    const good = await push.newImage(name, ["1.0"]);
    await signer.sign({ "1.0": good });
    await signer.sign({ "1.0": good, "1.1": good });
    const evil = await push.newImage(name, ["1.0"]);
    await signer.sign({ "1.0": good, "1.2": good });
    const looks = () => fixture.rooms.database.read.selectFrom("trust_look").selectAll().execute();
    expect(await looks()).toHaveLength(4);
    expect(await work()).toEqual(["tampered"]);
    expect(await news()).toEqual(["tampered it:1.0 by pusher"]);
    expect((await records()).at(-1)?.detail).toBe(`The tag points to ${evil}; targets signed ${good}.`);
    expect(await looks()).toEqual([]);
  });

  test("somebody who pushes and then signs is told of by nobody who looks after that", async () => {
    await signer.sign({ "1.0": await push.newImage(name, ["1.0"]) });
    await signer.sign({ "1.0": await push.newImage(name, ["1.0"]) });
    expect(await work()).toEqual([]);
  });

  test("what is published that differs from what the tag points to", async () => {
    const [one, two] = [await push.newImage(name, ["a", "b"]), await push.newImage(name, ["c"])];
    await signer.sign({ a: one, b: two, c: one, absent: one });
    expect(await work()).toEqual(["tampered"]);
    expect((await news()).sort()).toEqual(["tampered it:b by alice", "tampered it:c by alice"]);
    await fixture.trust.delete(caller, signer.gun);
    expect(await work()).toEqual(["restored"]);
    expect((await records()).at(-1)).toMatchObject({ resource_type: "repository", resource: name });
  });

  test("tags of the API and of copies count too; deleted ones are forgotten", async () => {
    const good = await push.newImage(name, ["1.0"]);
    const evil = await push.newImage(name, ["evil"]);
    await signer.sign({ "1.0": good, "2.0": good });
    await work();
    const path = `/projects/team/repositories/${name.slice(5)}/artifacts`;
    expect((await fixture.admin.post(`${path}/${evil}/tags`, { name: "2.0" })).status).toBe(201);
    expect(await work()).toEqual(["tampered"]);
    const before = await troubled("tampered");
    expect((await fixture.admin.delete(`${path}/${evil}/tags/2.0`)).status).toBe(200);
    expect(await troubled("tampered")).toBe(before - 1);

    const copy = await Signer.create(fixture.trust, `${host}/team/copy`);
    await copy.sign({ evil: good });
    expect(
      (await fixture.admin.post(`/projects/team/repositories/copy/artifacts?from=${name}:evil`, {})).status,
    ).toBe(201);
    expect(await work()).toEqual(["tampered"]);
    expect((await news()).at(-1)).toBe("tampered team/copy:evil by admin");
  });

  test("a tag that is gone before anybody looks is told of nevertheless", async () => {
    await signer.sign({ "1.0": await push.newImage(name, ["1.0"]) });
    await push.newImage(name, ["1.0"]);
    await fixture.registry.tags.delete(caller, parseRepositoryName(name), "1.0");
    expect(await work()).toEqual(["tampered"]);
  });

  test("a push whose process died is told of by another process, once", async () => {
    await signer.sign({ "1.0": await push.newImage(name, ["1.0"]) });
    await push.newImage(name, ["1.0"]);
    const others = [another(), another(), another()];
    const alarms = await Promise.all(others.map(({ watch }) => watch.work()));
    expect(alarms.flat().map(({ kind }) => kind)).toEqual(["tampered"]);
  });

  test("who is slow to note what was seen notes nothing once another has looked: the tag may have moved again", async () => {
    await signer.sign({ "1.0": await push.newImage(name, ["1.0"]) });
    const second = await push.newImage(name, ["1.0"]);
    await work();
    await signer.sign({ "1.0": second });
    const reached = Promise.withResolvers<void>();
    const woken = Promise.withResolvers<void>();
    const { database } = fixture.rooms;
    const slow = another(new Events(), {
      ...database,
      async write(change) {
        reached.resolve();
        await woken.promise;
        return database.write(change);
      },
    });
    const slowly = slow.watch.work();
    await reached.promise;
    await push.newImage(name, ["1.0"]);
    const before = await troubled("tampered");
    await work();
    woken.resolve();
    expect(await slowly).toEqual([]);
    expect(await troubled("tampered")).toBe(before);
    expect((await news()).at(-1)).toBe("tampered it:1.0 by pusher");
  });

  test("a look that fails is tried again after a pause, twice as long each time, and others are not held up", async () => {
    const good = await push.newImage(name, ["1.0"]);
    await signer.sign({ "1.0": good });
    await work();
    await push.newImage(name, ["1.0"]);
    const events = new Events();
    let tries = 0;
    events.on("trustAlarm", async () => {
      tries++;
      throw new Error("fails");
    });
    const { watch } = another(events);
    const { clock } = fixture.rooms;
    const attempt = () => watch.work().catch(() => []);
    await attempt();
    await attempt();
    expect(tries).toBe(1);
    clock.now += 2 * second;
    await attempt();
    clock.now += 3 * second;
    await attempt();
    expect(tries).toBe(2);
    clock.now += second;
    await attempt();
    expect(tries).toBe(3);
    expect(await work()).toEqual(["tampered"]);
  });

  test("repositories without trust data leave nothing to look at", async () => {
    await push.newImage(name, ["1.0"]);
    const { rows } = {
      rows: await fixture.rooms.database.read.selectFrom("trust_look").selectAll().execute(),
    };
    expect(rows).toEqual([]);
  });

  test("trust data that was changed in the database is told of as one", async () => {
    const good = await push.newImage(name, ["1.0", "2.0"]);
    await signer.sign({ "1.0": good, "2.0": good });
    await work();
    await fixture.rooms.database.write((tx) =>
      tx
        .updateTable("tuf_metadata")
        .set({ content: Buffer.from("{}") })
        .where("gun", "=", signer.gun)
        .where("role", "=", "targets")
        .execute(),
    );
    await push.newImage(name, ["3.0"]);
    expect((await another().watch.work()).map(({ kind }) => kind)).toEqual(["tampered"]);
    const record = (await records()).at(-1);
    expect(record).toMatchObject({ resource: `${name}:3.0` });
    expect(record?.detail).toContain("The trust data is not what anybody signed");
  });

  test("metadata is warned of once before it expires, and its tags are told of when it has", async () => {
    const good = await push.newImage(name, ["1.0", "2.0"]);
    const ends = fixture.rooms.clock.now + 40 * day;
    const expires = new Date(ends).toISOString();
    await signer.sign({ "1.0": good, "2.0": good }, { expires });
    await work();
    const sweep = async () => (await fixture.trust.expiries.sweep()).filter(({ gun }) => gun === signer.gun);
    expect(await sweep()).toEqual([]);
    fixture.rooms.clock.now += 11 * day;
    expect(await sweep()).toMatchObject([{ kind: "expiring", role: "targets" }]);
    expect(await sweep()).toEqual([]);
    expect(await fixture.trust.expiries.warnings([name])).toMatchObject([
      { role: "targets", gun: signer.gun },
    ]);
    expect((await news()).at(-1)).toBe("expiring it by system");
    fixture.rooms.clock.now = ends + 1000;
    await sweep();
    expect(await work()).toEqual(["expired"]);
    expect((await records()).at(-1)).toMatchObject({ operation: "expired", resource: name, actor: "system" });
    expect((await records()).at(-1)?.detail).toBe("The signatures have ended: 1.0, 2.0.");
    await sweep();
    expect(await work()).toEqual([]);

    await signer.sign({ "1.0": good, "2.0": good });
    expect(await work()).toEqual(["restored"]);
    expect(await fixture.trust.expiries.warnings([name])).toEqual([]);
  });

  /** What another process on the same database has. */
  function another(events = new Events(), database: Database = fixture.rooms.database): Trust {
    const { audit, rooms } = fixture;
    const { clock } = rooms;
    const secret = new Uint8Array(64).fill(7);
    return createTrust({ database, audit, clock: () => clock.now, events, secret, hosts: [host] });
  }

  /** A stored manifest as a client would push it. */
  async function manifest(digest: string) {
    const { content, mediaType } = await fixture.registry.resolver.resolve(parseRepositoryName(name), {
      kind: "digest",
      digest: digest as never,
    });
    return { content, contentType: mediaType, digest: null };
  }
});

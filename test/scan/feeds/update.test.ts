import { expect, test } from "bun:test";
import { readdir, rm, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Database } from "../../../src/db/index.ts";
import { day, hour, minute } from "../../../src/kernel/index.ts";
import type { Build } from "../../../src/scan/feeds/build/order.ts";
import { readPointer } from "../../../src/scan/feeds/pointer.ts";
import { describeOnEngines } from "../../support/engines.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";
import { type FakeDatabase, fakeBuild, feed, scene } from "./scene.ts";
import { startWebServer } from "./web-server.ts";

const outcomes = (report: { feeds: readonly { name: string; outcome: string }[] }) =>
  Object.fromEntries(report.feeds.map(({ name, outcome }) => [name, outcome]));

async function textsOf(process: { current: { refresh(): Promise<void>; current(): FakeDatabase | null } }) {
  await process.current.refresh();
  return process.current.current()?.texts ?? null;
}

async function audited(database: Database) {
  const rows = await database.read.selectFrom("audit_log").selectAll().orderBy("id").execute();
  return rows.map(({ operation, resource, outcome }) => `${operation} ${resource} ${outcome}`);
}

describeOnEngines("updates of the vulnerability database", (open) => {
  /** A database, a storage, and a web server whose paths the test sets. */
  async function setUp() {
    const folder = await temporaryDirectory("feeds");
    const database = await open();
    const pages = new Map<string, string | number>();
    const server = startWebServer(({ url, headers }) => {
      const page = pages.get(new URL(url).pathname.slice(1)) ?? 404;
      if (typeof page === "number") return new Response("no", { status: page });
      const etag = `"${Bun.hash(page)}"`;
      if (headers.get("if-none-match") === etag) return new Response(null, { status: 304 });
      return new Response(page, { headers: { etag } });
    });
    const at = (name: string) => feed(name, [`${server.url}/${name}`]);
    return {
      folder: folder.path,
      database,
      pages,
      server,
      at,
      scene: scene(folder.path),
      async [Symbol.asyncDispose]() {
        await server[Symbol.asyncDispose]();
        await database.close();
        await folder[Symbol.asyncDispose]();
      },
    };
  }

  test("feeds are fetched, compiled and exchanged; then only what has changed is", async () => {
    await using it = await setUp();
    const process = it.scene.process(it.database, "one");
    expect(await textsOf(process)).toBeNull();
    it.pages.set("a", "A").set("b", "B");
    const feeds = [it.at("a"), it.at("b")];
    const first = await process.update(feeds);
    expect([first.exchanged, outcomes(first)]).toEqual([true, { a: "new", b: "new" }]);
    expect(await textsOf(process)).toEqual({ a: "A", b: "B" });
    expect(outcomes(await process.update(feeds))).toEqual({});
    it.scene.now += 6 * hour;
    it.pages.set("b", "B2");
    expect(outcomes(await process.update(feeds))).toEqual({ a: "unchanged", b: "new" });
    expect(await textsOf(process)).toEqual({ a: "A", b: "B2" });
    const again = await process.update(feeds, { names: ["a"] });
    expect([again.exchanged, outcomes(again)]).toEqual([false, { a: "unchanged" }]);
    await expect(process.update(feeds, { names: ["c"] })).rejects.toThrow(
      '"c": there is no feed of that name',
    );
  });

  test("one that fails keeps its last data, holds up no other, and is tried ever more seldom, up to six hours", async () => {
    await using it = await setUp();
    const process = it.scene.process(it.database, "one");
    const feeds = [it.at("a"), it.at("b"), feed("c", [join(it.folder, "none")])];
    it.pages.set("a", "A").set("b", "B");
    expect(outcomes(await process.update(feeds))).toEqual({ a: "new", b: "new", c: "failed" });
    it.pages.set("a", 500).set("b", "B2");
    expect(outcomes(await process.update(feeds, { names: ["a", "b"] }))).toEqual({ a: "failed", b: "new" });
    expect(await textsOf(process)).toEqual({ a: "A", b: "B2" });
    const pauses: number[] = [];
    for (let failures = 1; failures < 10; failures++) {
      const row = (await process.states.all()).get("a");
      expect(row).toMatchObject({ failures, error: `${it.server.url}/a is answered with 500.` });
      const next = row?.next_attempt_at ?? 0;
      pauses.push((next - it.scene.now) / minute);
      it.scene.now = next - 1;
      expect((await process.states.due(feeds)).map(({ name }) => name)).not.toContain("a");
      it.scene.now = next;
      expect(outcomes(await process.update(feeds)).a).toBe("failed");
    }
    expect(pauses).toEqual([5, 10, 20, 40, 80, 160, 320, 360, 360]);
    it.pages.set("a", "A3");
    it.scene.now += 6 * hour;
    expect(outcomes(await process.update(feeds)).a).toBe("new");
    expect((await process.states.all()).get("a")).toMatchObject({ failures: 0, error: null });
    const told = (await audited(it.database)).filter((line) => line.includes(" a "));
    expect(told).toEqual(["fail a failure", "recover a success"]);
  });

  test("one that cannot be read is a failure too, and is fetched again", async () => {
    await using it = await setUp();
    const process = it.scene.process(it.database, "one");
    it.pages.set("a", "A").set("b", "broken");
    const feeds = [it.at("a"), it.at("b")];
    expect(outcomes(await process.update(feeds))).toEqual({ a: "new", b: "failed" });
    expect(outcomes(await process.update(feeds, { names: "all" }))).toEqual({ a: "unchanged", b: "failed" });
    it.pages.set("a", "broken");
    const broken = await process.update(feeds, { names: "all" });
    expect([broken.exchanged, outcomes(broken)]).toEqual([false, { a: "failed", b: "failed" }]);
    expect(await textsOf(process)).toEqual({ a: "A" });
  });

  test("one that ends the process that compiles holds up no other either", async () => {
    await using it = await setUp();
    const build: Build = (order, ...rest) => {
      const fatal = order.feeds.some(({ name }) => name === "fatal");
      return fatal ? Promise.reject(new Error("The process ended.")) : fakeBuild(order, ...rest);
    };
    const process = scene(`${it.folder}/own`, build).process(it.database, "one");
    for (const name of ["a", "fatal", "c"]) it.pages.set(name, name);
    const feeds = ["a", "fatal", "c"].map(it.at);
    expect(outcomes(await process.update(feeds))).toEqual({ a: "new", fatal: "failed", c: "new" });
    expect(await textsOf(process)).toEqual({ a: "a", c: "c" });
    expect((await process.states.all()).get("fatal")?.error).toBe("The process ended.");
  });

  test("with nothing that can be read, there is no database rather than an empty one", async () => {
    await using it = await setUp();
    const process = it.scene.process(it.database, "one");
    it.pages.set("a", "broken");
    expect((await process.update([it.at("a")])).exchanged).toBe(false);
    expect(await readPointer(it.database.read)).toBeNull();
  });

  test("a feed with several places is fetched whole when one of them has changed", async () => {
    await using it = await setUp();
    const process = it.scene.process(it.database, "one");
    it.pages.set("x", "X").set("y", "Y");
    const file = join(it.folder, "z");
    await writeFile(file, "Z");
    const feeds = [feed("a", [`${it.server.url}/x`, `${it.server.url}/y`, file])];
    await process.update(feeds);
    expect(outcomes(await process.update(feeds, { names: ["a"] }))).toEqual({ a: "unchanged" });
    it.pages.set("y", "Y2");
    expect(outcomes(await process.update(feeds, { names: ["a"] }))).toEqual({ a: "new" });
    expect(await textsOf(process)).toEqual({ a: "X+Y2+Z" });
  });

  test("a feed that is configured anew is fetched anew; one that is switched off goes; one from elsewhere stays", async () => {
    await using it = await setUp();
    const process = it.scene.process(it.database, "one");
    it.pages.set("a", "A").set("b", "B").set("c", "C");
    await process.update([it.at("a"), it.at("b"), it.at("c")]);
    const moved = { ...it.at("a"), format: "secdb" } as const;
    it.scene.now += 6 * hour;
    expect(outcomes(await process.update([moved, { ...it.at("b"), enabled: false }]))).toEqual({ a: "new" });
    expect(await textsOf(process)).toEqual({ a: "A", c: "C" });
  });

  test("a database that is lost or damaged is made again from all feeds", async () => {
    await using it = await setUp();
    const process = it.scene.process(it.database, "one");
    it.pages.set("a", "A").set("b", "B");
    const feeds = [it.at("a"), it.at("b")];
    await process.update(feeds);
    for await (const { key } of it.scene.objects.list("breakwater/vulndb"))
      await it.scene.objects.put(key, "x");
    for (const name of await readdir(join(it.folder, "one"))) await rm(join(it.folder, "one", name));
    const elsewhere = it.scene.process(it.database, "two");
    await expect(elsewhere.current.refresh()).rejects.toThrow("no whole file");
    expect(elsewhere.current.current()).toBeNull();
    expect(outcomes(await process.update(feeds, { names: ["a"] }))).toEqual({ a: "new", b: "new" });
    it.scene.now += minute;
    expect(await textsOf(elsewhere)).toEqual({ a: "A", b: "B" });
  });

  test("every process goes over to the new one, and whoever works with the old one goes on with it", async () => {
    await using it = await setUp();
    const [one, two] = [it.database, await it.database.another()];
    const writer = it.scene.process(one, "one");
    const readers = [it.scene.process(two, "one"), it.scene.process(two, "two")];
    it.pages.set("a", "A1");
    await writer.update([it.at("a")]);
    for (const reader of readers) expect(await textsOf(reader)).toEqual({ a: "A1" });
    const held = readers.map(({ current }) => current.current());
    it.pages.set("a", "A2");
    it.scene.now += 2 * day;
    await writer.update([it.at("a")]);
    for (const reader of readers) expect(await textsOf(reader)).toEqual({ a: "A2" });
    expect(held.map((database) => database?.texts)).toEqual([{ a: "A1" }, { a: "A1" }]);
  });

  test("databases that no longer hold are removed after an hour", async () => {
    await using it = await setUp();
    const process = it.scene.process(it.database, "one");
    const stored = async () => (await Array.fromAsync(it.scene.objects.list("breakwater/vulndb"))).length;
    for (const text of ["1", "2"]) {
      it.pages.set("a", text);
      await process.update([it.at("a")], { names: "all" });
    }
    expect(await stored()).toBe(2);
    it.scene.now = Date.now() + 2 * hour;
    it.pages.set("a", "3");
    await process.update([it.at("a")], { names: "all" });
    expect(await stored()).toBe(1);
    await process.current.refresh();
    const old = join(it.folder, "one");
    for (const name of await readdir(old)) await utimes(join(old, name), 1, 1);
    it.pages.set("a", "4");
    await process.update([it.at("a")], { names: "all" });
    await process.current.refresh();
    expect(await readdir(old)).toHaveLength(1);
  });

  test("one process at a time; one that was suspended for too long changes nothing", async () => {
    await using it = await setUp();
    const [one, two] = [it.scene.process(it.database, "one"), it.scene.process(it.database, "two")];
    it.pages.set("a", "A");
    const turn = await one.exchange.begin(0, new AbortController().signal);
    await expect(two.update([it.at("a")])).rejects.toThrow("is being exchanged by one.");
    it.scene.now += 2 * minute;
    expect((await two.update([it.at("a")])).exchanged).toBe(true);
    const before = await readPointer(it.database.read);
    const file = join(it.folder, "late");
    const built = await fakeBuild(
      { target: file, previous: null, feeds: [], drop: [], builtAt: 1 },
      () => {},
      new AbortController().signal,
    );
    const other = await two.exchange.begin(0, new AbortController().signal);
    await expect(turn.end(null, { file, manifest: built.manifest }, async () => {})).rejects.toThrow(
      "Meanwhile two has begun",
    );
    await other[Symbol.asyncDispose]();
    await turn[Symbol.asyncDispose]();
    expect(await readPointer(it.database.read)).toEqual(before);
    expect((await one.update([it.at("a")], { names: "all" })).feeds).toMatchObject([
      { outcome: "unchanged" },
    ]);
  });

  test("a look that the process died in is made good later, not at once", async () => {
    await using it = await setUp();
    const process = it.scene.process(it.database, "one");
    const feeds = [it.at("a")];
    await process.states.begin(feeds);
    expect(await process.states.due(feeds)).toEqual([]);
    it.scene.now += 5 * minute;
    expect(await process.states.due(feeds)).toEqual(feeds);
  });

  test("a schedule that is changed holds at once", async () => {
    await using it = await setUp();
    const process = it.scene.process(it.database, "one");
    it.pages.set("a", "A");
    const at = (schedule: { every: number } | { cron: string }) => [{ ...it.at("a"), schedule }];
    await process.update(at({ every: 30 * day }));
    it.scene.now += hour;
    expect(await process.states.due(at({ every: 30 * day }))).toEqual([]);
    expect(await process.states.due(at({ every: hour }))).toHaveLength(1);
    expect(await process.states.due(at({ cron: "30 0 * * *" }))).toHaveLength(1);
    expect(await process.states.due(at({ cron: "30 1 * * *" }))).toEqual([]);
  });
});

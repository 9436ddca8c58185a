import { expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { type FeedRecord, readFeed, VulnerabilityDatabase } from "../../../src/scan/vulndb/index.ts";
import { describeUnless } from "../../support/describe-unless.ts";
import { missingFeeds, sharedFeed } from "../../support/shared-feeds.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";
import { advisory, affected, before, build, fetched } from "./feeds.ts";
import { show } from "./reading.ts";

const curl = advisory(
  "DSA-1-1",
  [affected("Debian:11", "curl", [before("7.74")]), affected("Debian:12", "curl", [before("7.88")])],
  {
    aliases: ["CVE-2023-1000", "CVE-2023-1001"],
    modifiedAt: 100,
  },
);
const bash = advisory("DSA-2-1", [affected("Debian:12", "bash", [before("5.2")])], { modifiedAt: 200 });
const left = advisory("GHSA-1", [affected("npm", "left-pad", [before("1.0.0")], { scheme: "semver" })]);

async function shownIn(path: string, ...asked: [string, string][]): Promise<string[]> {
  using database = await VulnerabilityDatabase.open(path);
  return asked.flatMap(([ecosystem, name]) =>
    database.statementsOn(ecosystem, name).map(({ feed, id, affected }) => `${feed} ${id} ${show(affected)}`),
  );
}

async function groupsIn(path: string): Promise<string[]> {
  using database = await VulnerabilityDatabase.open(path);
  return database.manifest.feeds.flatMap(({ name, groups }) =>
    groups.map(
      ({ ecosystem, records, asOf, dropped }) =>
        `${name} ${ecosystem} ${records} ${asOf}${dropped ? " dropped" : ""}`,
    ),
  );
}

test("the same feeds make the same version, whenever and in whatever order; other content makes another", async () => {
  await using directory = await temporaryDirectory("vulndb");
  const at = (name: string) => join(directory.path, name);
  const [debian, npm] = [fetched("debian", [curl, bash]), fetched("npm", [left])];
  const first = await build(at("1"), [debian, npm]);
  const again = await build(at("2"), [{ ...npm, fetchedAt: 9, source: "elsewhere" }, debian], { builtAt: 9 });
  const more = await build(at("3"), [fetched("debian", [curl]), npm]);
  expect(again.manifest.version).toBe(first.manifest.version);
  expect(first.manifest.version).toMatch(/^[0-9a-f]{64}$/);
  expect(more.manifest.version).not.toBe(first.manifest.version);
  expect(readdirSync(directory.path).sort()).toEqual(["1", "2", "3"]);
});

test("the manifest says what each feed is and tells of", async () => {
  await using directory = await temporaryDirectory("vulndb");
  const path = join(directory.path, "db");
  const asOf: FeedRecord = { kind: "as-of", at: 700 };
  const exploited: FeedRecord = { kind: "exploited", cve: "CVE-2023-1000", since: 3 };
  const { manifest } = await build(path, [
    fetched("debian", [curl, bash, { kind: "group", ecosystem: "Debian:13" }], { asOf: 50 }),
    fetched("kev", [asOf, exploited], { format: "kev" }),
    fetched("undated", [left], { asOf: 50 }),
  ]);
  expect(
    manifest.feeds.map(({ name, format, asOf, records, unreadable }) => ({
      name,
      format,
      asOf,
      records,
      unreadable,
    })),
  ).toEqual([
    { name: "debian", format: "osv", asOf: 200, records: 2, unreadable: 0 },
    { name: "kev", format: "kev", asOf: 700, records: 1, unreadable: 0 },
    { name: "undated", format: "osv", asOf: 50, records: 1, unreadable: 0 },
  ]);
  expect(await groupsIn(path)).toEqual([
    "debian Debian:11 1 100",
    "debian Debian:12 2 200",
    "debian Debian:13 0 null",
    "undated npm 1 null",
  ]);
  using database = await VulnerabilityDatabase.open(path);
  expect(database.manifest).toEqual(manifest);
});

test("a feed is not as fresh as a time that has not come yet", async () => {
  await using directory = await temporaryDirectory("vulndb");
  const future = advisory("GHSA-2", [affected("npm", "x", [before("1")])], { modifiedAt: 1001 });
  const past = advisory("GHSA-3", [affected("npm", "x", [before("1")])], { modifiedAt: 999 });
  const { manifest } = await build(join(directory.path, "db"), [
    fetched("npm", [past, future, { kind: "as-of", at: 1001 }]),
  ]);
  expect(manifest.feeds[0]).toMatchObject({ asOf: 999, groups: [{ asOf: 999 }] });
});

test("a feed that has lost most of what it told of a release is not believed, and keeps what it has", async () => {
  await using directory = await temporaryDirectory("vulndb");
  const at = (name: string) => join(directory.path, name);
  const many = (count: number, ecosystem: string) =>
    Array.from({ length: count }, (_, index) =>
      advisory(`${ecosystem}-${index}`, [affected(ecosystem, `p${index}`, [before("1")])]),
    );
  const few = many(99, "Debian:11");
  await build(at("1"), [fetched("debian", [...many(200, "Debian:12"), ...few])]);
  const update = async (records: readonly FeedRecord[], more = {}) =>
    (await build(at("2"), [fetched("debian", records, more)], { previous: at("1") })).failures;
  const cut = [...many(99, "Debian:12"), ...few];
  expect(await update(cut)).toEqual([
    {
      feed: "debian",
      reason:
        "The feed debian tells of 99 vulnerabilities in Debian:12, of which it told 200. If that is all there is, disable the feed for one update, so that it begins anew.",
    },
  ]);
  expect(await groupsIn(at("2"))).toEqual(["debian Debian:11 99 null", "debian Debian:12 200 null"]);
  expect(await update([...many(100, "Debian:12"), ...few.slice(0, 1)])).toEqual([]);
  expect(await update(cut, { source: "another" })).toEqual([]);
  expect(await update(few)).toEqual([]);
  expect(await groupsIn(at("2"))).toEqual(["debian Debian:11 99 null", "debian Debian:12 200 1000 dropped"]);
});

test("an ecosystem that a feed mentions only beside its own is not covered by it", async () => {
  await using directory = await temporaryDirectory("vulndb");
  const path = join(directory.path, "db");
  const inNpm = affected("npm", "x", [before("1")], { scheme: "semver" });
  const inMaven = affected("Maven", "a:x", [before("1")], { scheme: "maven" });
  await build(path, [
    fetched("maven", [advisory("GHSA-1", [inMaven, inNpm]), advisory("GHSA-2", [inMaven])]),
  ]);
  expect(await groupsIn(path)).toEqual(["maven Maven 2 null"]);
  expect(await shownIn(path, ["npm", "x"])).toEqual(["maven GHSA-1 npm x [0, 1) affected"]);
  await build(path, [fetched("both", [advisory("GHSA-1", [inMaven, inNpm])])]);
  expect(await groupsIn(path)).toEqual(["both Maven 1 null", "both npm 1 null"]);
});

test("a feed that is not named, is unchanged, fails or is empty keeps what it has; one that is dropped goes", async () => {
  await using directory = await temporaryDirectory("vulndb");
  const at = (name: string) => join(directory.path, name);
  const kev = fetched("kev", [{ kind: "exploited", cve: "CVE-2023-1000", since: 3 }], { format: "kev" });
  const epss = fetched("epss", [{ kind: "epss", cve: "CVE-2023-1000", probability: 0.5, percentile: 0.9 }], {
    format: "epss",
  });
  const feeds = [fetched("debian", [curl, bash]), fetched("npm", [left]), kev, epss];
  const first = await build(at("1"), feeds);
  const everything: [string, string][] = [
    ["Debian:11", "curl"],
    ["Debian:12", "curl"],
    ["Debian:12", "bash"],
    ["npm", "left-pad"],
  ];
  const before = await shownIn(at("1"), ...everything);
  expect(before).toHaveLength(4);

  const broken = fetched("debian", [bash], {
    async *records() {
      yield bash;
      throw new Error("The archive ends in the middle.");
    },
  });
  const kept = await build(at("2"), [broken, fetched("npm", []), { ...kev, fetchedAt: 2000 }], {
    previous: at("1"),
  });
  expect(kept.failures).toEqual([
    { feed: "debian", reason: "The archive ends in the middle." },
    { feed: "npm", reason: "The feed npm has no record." },
  ]);
  expect(await shownIn(at("2"), ...everything)).toEqual(before);
  expect(await groupsIn(at("2"))).toEqual(await groupsIn(at("1")));
  expect(kept.manifest.version).toBe(first.manifest.version);
  expect(kept.manifest.feeds.map(({ name, fetchedAt }) => `${name} ${fetchedAt}`)).toEqual([
    "debian 1000",
    "epss 1000",
    "kev 2000",
    "npm 1000",
  ]);
  using database = await VulnerabilityDatabase.open(at("2"));
  expect(database.enrichmentOf("CVE-2023-1000")).toMatchObject({
    exploitedSince: 3,
    epss: { probability: 0.5 },
  });
  expect(database.vulnerability("CVE-2023-1001")?.advisories[0]?.affected.map(show)).toHaveLength(2);

  await build(at("3"), [], { previous: at("2"), drop: ["debian", "kev"] });
  expect(await shownIn(at("3"), ...everything)).toEqual(before.slice(3));
  using without = await VulnerabilityDatabase.open(at("3"));
  expect(without.enrichmentOf("CVE-2023-1000")?.exploitedSince).toBeNull();
});

test("what a feed last told of a release that it has dropped stays, however often it is built again", async () => {
  await using directory = await temporaryDirectory("vulndb");
  const at = (name: string) => join(directory.path, name);
  await build(at("1"), [fetched("npm", [left]), fetched("debian", [curl, bash])]);
  const newer = advisory("DSA-3-1", [affected("Debian:12", "curl", [before("8")])], { modifiedAt: 300 });
  const second = await build(at("2"), [fetched("debian", [newer])], { previous: at("1") });
  const third = await build(at("3"), [fetched("debian", [newer, bash])], { previous: at("2") });
  await build(at("4"), [fetched("debian", [curl])], { previous: at("3") });
  const asked: [string, string][] = [
    ["Debian:11", "curl"],
    ["Debian:12", "curl"],
    ["Debian:12", "bash"],
  ];
  expect(await shownIn(at("2"), ...asked)).toEqual([
    "debian DSA-1-1 Debian:11 curl [0, 7.74) affected",
    "debian DSA-3-1 Debian:12 curl [0, 8) affected",
  ]);
  expect(await groupsIn(at("2"))).toEqual([
    "debian Debian:11 1 200 dropped",
    "debian Debian:12 1 300",
    "npm npm 1 null",
  ]);
  expect(await shownIn(at("3"), ...asked)).toEqual([
    ...(await shownIn(at("2"), ...asked)),
    "debian DSA-2-1 Debian:12 bash [0, 5.2) affected",
  ]);
  expect((await groupsIn(at("3")))[0]).toBe("debian Debian:11 1 200 dropped");
  expect((await groupsIn(at("4")))[0]).toBe("debian Debian:11 1 100");
  expect(second.manifest.version).not.toBe(third.manifest.version);
  using database = await VulnerabilityDatabase.open(at("3"));
  expect(
    database.vulnerability("CVE-2023-1000")?.advisories.map(({ affected }) => affected.map(show)),
  ).toEqual([["Debian:11 curl [0, 7.74) affected"]]);
});

test("a list that is suddenly empty is taken for one that was dropped", async () => {
  await using directory = await temporaryDirectory("vulndb");
  const at = (name: string) => join(directory.path, name);
  const emptied: FeedRecord[] = [
    { kind: "group", ecosystem: "Debian:12" },
    { kind: "group", ecosystem: "Debian:13" },
  ];
  await build(at("1"), [fetched("debian", [bash])]);
  await build(at("2"), [fetched("debian", emptied)], { previous: at("1") });
  expect(await groupsIn(at("2"))).toEqual(["debian Debian:12 1 200 dropped", "debian Debian:13 0 null"]);
  expect(await shownIn(at("2"), ["Debian:12", "bash"])).toHaveLength(1);
});

test("a feed of which too much is unreadable is not believed", async () => {
  await using directory = await temporaryDirectory("vulndb");
  const path = join(directory.path, "db");
  const bad: FeedRecord = { kind: "unreadable", reason: "x.json: It is not valid JSON." };
  const few = Array.from({ length: 20 }, () => left);
  const some = await build(path, [fetched("npm", [...few, bad, bad])]);
  expect(some.manifest.feeds[0]).toMatchObject({ records: 20, unreadable: 2 });
  const { failures, manifest } = await build(path, [fetched("npm", [...few, bad, bad, bad])]);
  expect(failures).toEqual([
    { feed: "npm", reason: "Of the feed npm, 3 of 23 records cannot be read. x.json: It is not valid JSON." },
  ]);
  expect(manifest.feeds).toEqual([]);
});

describeUnless(missingFeeds(), "the real feeds", () => {
  test("are compiled together, and each fix is found again by release and name", async () => {
    await using directory = await temporaryDirectory("vulndb");
    const path = join(directory.path, "db");
    const osv = ["Go", "Debian", "Ubuntu", "Alpine", "npm", "PyPI", "Maven"];
    const real = (name: string, format: "osv" | "secdb" | "kev", path: string) =>
      fetched(name, [], { format, sha256: name, records: () => readFeed(format, [sharedFeed(path)]) });
    const { manifest, failures } = await build(path, [
      ...osv.map((ecosystem) => real(ecosystem, "osv", `osv/${ecosystem}/all.zip`)),
      real("alpine", "secdb", "alpine-secdb/v3.10"),
      real("kev", "kev", "kev.json"),
    ]);
    expect(failures).toEqual([]);
    const records = Object.fromEntries(manifest.feeds.map(({ name, records }) => [name, records]));
    expect(records).toMatchObject({ Go: 4274, Debian: 2888, Alpine: 149, kev: 1500 });
    expect(manifest.feeds.flatMap(({ unreadable }) => unreadable)).toEqual(manifest.feeds.map(() => 0));
    using database = await VulnerabilityDatabase.open(path);
    for await (const record of readFeed("osv", [sharedFeed("osv/Debian/all.zip")])) {
      if (record.kind !== "advisory") continue;
      for (const of of record.advisory.affected) {
        const found = database
          .statementsOn(of.ecosystem, of.name)
          .filter(({ id }) => id === record.advisory.id);
        expect(found.map(({ affected }) => affected)).toContainEqual(of);
      }
    }
    const log4shell = database.vulnerability("CVE-2021-44228");
    expect(log4shell?.enrichment?.exploitedSince).toBe(Date.UTC(2021, 11, 10));
    expect(log4shell?.advisories.map(({ id }) => id)).toContain("DSA-5020-1");
  });
});

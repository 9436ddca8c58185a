import { describe, expect, test } from "bun:test";
import { Zip } from "../../../src/scan/archive/index.ts";
import { readFeed } from "../../../src/scan/vulndb/formats/index.ts";
import { readOsv } from "../../../src/scan/vulndb/formats/osv.ts";
import { describeUnless } from "../../support/describe-unless.ts";
import { missingFeeds, sharedFeed } from "../../support/shared-feeds.ts";
import { advisoriesIn, all, documents, show, unreadableIn } from "./reading.ts";

const record = (changes: object) => ({
  schema_version: "1.7.3",
  id: "GHSA-xxxx-yyyy-zzzz",
  modified: "2025-11-17T00:00:00Z",
  published: "2025-11-01T00:00:00Z",
  ...changes,
});

const affected = (ecosystem: string, name: string, events: object[], more: object = {}) => ({
  package: { ecosystem, name },
  ranges: [{ type: "ECOSYSTEM", events }],
  ...more,
});

const fixedIn = (fixed: string) => [{ introduced: "0" }, { fixed }];

async function read(...records: object[]) {
  const named = Object.fromEntries(records.map((one, index) => [`${index}.json`, one]));
  return advisoriesIn(await all(readOsv(documents(named))));
}

async function shown(one: object): Promise<string[]> {
  return (await read(one)).flatMap((advisory) => advisory.affected.map(show));
}

describe("what an OSV record says is affected", () => {
  const inNpm = (events: object[], more: object = {}) =>
    shown(record({ affected: [affected("npm", "left-pad", events, more)] }));

  test("lies between its events, in whatever order they are written", async () => {
    expect(await inNpm(fixedIn("1.2.0"))).toEqual(["npm left-pad [0, 1.2.0) affected"]);
    expect(await inNpm([{ introduced: "1.0.0" }, { last_affected: "1.4.0" }])).toEqual([
      "npm left-pad [1.0.0, 1.4.0] affected",
    ]);
    expect(await inNpm([{ introduced: "0" }])).toEqual(["npm left-pad [0, ∞) affected"]);
    const two = [{ introduced: "2.0.0" }, { introduced: "0" }, { fixed: "2.10.0" }, { fixed: "1.5.0" }];
    expect(await inNpm(two)).toEqual(["npm left-pad [0, 1.5.0) [2.0.0, 2.10.0) affected"]);
  });

  test("is the union of the ranges and of the versions listed; those that the ranges hold are not kept twice", async () => {
    const versions = ["1.0.0", "1.1.0", "3.0.0", "no version"];
    expect(await inNpm(fixedIn("1.2.0"), { versions })).toEqual([
      "npm left-pad [0, 1.2.0) =3.0.0 =no version affected",
    ]);
    const listed = { package: { ecosystem: "npm", name: "left-pad" }, versions: ["1.0.0"] };
    expect(await shown(record({ affected: [listed] }))).toEqual(["npm left-pad =1.0.0 affected"]);
  });

  test("ends where GitHub last knew it to be, when no version is said to mend it", async () => {
    const open = [{ introduced: "0" }];
    const known = (range: string, more: object = {}) => ({
      ...{ database_specific: { last_known_affected_version_range: range }, ...more },
    });
    expect(await inNpm(open, known("<= 1.2.3"))).toEqual(["npm left-pad [0, 1.2.3] affected"]);
    expect(await inNpm(open, known("< 1.3.0"))).toEqual(["npm left-pad [0, 1.3.0) affected"]);
    expect(
      await inNpm([{ introduced: "1.0.0" }], known("< 1.3.0", { versions: ["1.0.0", "1.3.0"] })),
    ).toEqual(["npm left-pad [1.0.0, 1.3.0) affected"]);
    const two = [...fixedIn("1.0.0"), { introduced: "2.0.0" }];
    expect(await inNpm(two, known("<= 2.5.0"))).toEqual(["npm left-pad [0, 1.0.0) [2.0.0, 2.5.0] affected"]);
    expect(await inNpm(fixedIn("1.2.4"), known("<= 1.2.3"))).toEqual(["npm left-pad [0, 1.2.4) affected"]);
    for (const range of ["unknown", "<= 1, < 2", "> 1", "< ", ""])
      expect(await inNpm(open, known(range)), range).toEqual(["npm left-pad [0, ∞) affected"]);
    expect(await inNpm([{ introduced: "2.0.0" }], known("< 1.0.0"))).toEqual([
      "npm left-pad [2.0.0, ∞) affected",
    ]);
  });

  test("of Go does not follow what its makers number their versions by, nor what of it is used", async () => {
    const vitess = affected("Go", "vitess.io/vitess", [{ introduced: "0" }, { fixed: "0.17.7" }], {
      ecosystem_specific: {
        custom_ranges: [{ type: "ECOSYSTEM", events: fixedIn("17.0.7") }],
        imports: [{ path: "vitess.io/vitess/go/mysql", symbols: ["Convert"] }],
      },
    });
    expect(await shown(record({ affected: [vitess] }))).toEqual(["Go vitess.io/vitess [0, 0.17.7) affected"]);
  });

  test("is nothing where it was fixed in 0", async () => {
    const inAlpine = affected("Alpine:v3.20", "curl", fixedIn("0"));
    expect(await shown(record({ affected: [inAlpine] }))).toEqual(["Alpine:v3.20 curl [0, ∞) not_affected"]);
  });

  test("leaves out commits, and ecosystems that images have no packages of", async () => {
    const git = {
      package: { ecosystem: "Go", name: "x" },
      ranges: [{ type: "GIT", events: fixedIn("abc") }],
    };
    expect(await read(record({ affected: [git, affected("Bitnami", "redis", fixedIn("7"))] }))).toEqual([]);
  });

  test("of Ubuntu, counts Pro's fix where the release itself has none, and the release's where it has one", async () => {
    const names = {
      own: affected("Ubuntu:22.04:LTS", "curl", fixedIn("7.81.0-1ubuntu1.15")),
      open: affected("Ubuntu:22.04:LTS", "ffmpeg", [{ introduced: "0" }]),
      pro: affected("Ubuntu:Pro:22.04:LTS", "ffmpeg", fixedIn("7:4.4.2-0ubuntu0.22.04.1+esm2")),
      both: affected("Ubuntu:Pro:22.04:LTS", "curl", fixedIn("7.81.0-1ubuntu1.16+esm1")),
      old: affected("Ubuntu:Pro:16.04:LTS", "curl", fixedIn("7.47.0-1ubuntu2.19+esm11")),
      fips: affected("Ubuntu:Pro:FIPS:16.04:LTS", "curl", fixedIn("1")),
    };
    expect(await shown(record({ id: "UBUNTU-CVE-2023-1", affected: Object.values(names) }))).toEqual([
      "Ubuntu:22.04 curl [0, 7.81.0-1ubuntu1.15) affected",
      "Ubuntu:22.04 ffmpeg [0, 7:4.4.2-0ubuntu0.22.04.1+esm2) affected",
      "Ubuntu:16.04 curl [0, 7.47.0-1ubuntu2.19+esm11) affected",
    ]);
  });

  test("of an rpm in a module, holds for the modules that the headline names, or for any", async () => {
    const packages = [
      affected("AlmaLinux:8", "nodejs", fixedIn("1:18.14.2-2.module_el8.7.0+3496+8d2dd4d7")),
      affected("AlmaLinux:8", "grep", fixedIn("3.1-6.el8")),
    ];
    const named = record({
      id: "ALSA-1",
      summary: "Important: nodejs:18 security update",
      affected: packages,
    });
    expect(await shown(named)).toEqual([
      "AlmaLinux:8 nodejs@nodejs:18 [0, 1:18.14.2-2.module_el8.7.0+3496+8d2dd4d7) affected",
      "AlmaLinux:8 grep [0, 3.1-6.el8) affected",
    ]);
    const two = await shown({
      ...named,
      summary: "Important: virt:rhel and virt-devel:rhel security update",
    });
    expect(two.map((line) => line.split(" ")[1])).toEqual([
      "nodejs@virt:rhel",
      "nodejs@virt-devel:rhel",
      "grep",
    ]);
    const unnamed = await shown({ ...named, summary: "Important: update" });
    expect(unnamed[0]).toStartWith("AlmaLinux:8 nodejs@* ");
  });

  test("takes names as their ecosystem compares them", async () => {
    const packages = [
      affected("PyPI", "Zope.Interface", fixedIn("5")),
      affected("NuGet", "Dnn.Platform", fixedIn("9")),
    ];
    expect((await shown(record({ affected: packages }))).map((line) => line.split(" ")[1])).toEqual([
      "zope-interface",
      "dnn.platform",
    ]);
  });
});

describe("what an OSV record is about", () => {
  const go = [affected("Go", "example.com/x", fixedIn("1.0.0"))];
  const alma = [affected("AlmaLinux:9", "curl", fixedIn("7.76.1-23.el9_2.1"))];

  test("is told by aliases, upstream, an erratum's related, and else by its id", async () => {
    const [first, second, third, fourth] = await read(
      record({ aliases: ["CVE-2024-1"], upstream: ["CVE-2024-2"], related: ["CVE-2024-3"], affected: go }),
      record({ related: ["CVE-2024-3000"], affected: go }),
      record({ id: "ALSA-2023:1", related: ["CVE-2024-3000", "OTHER"], affected: alma }),
      record({
        id: "ALPINE-CVE-2018-15853",
        affected: [affected("Alpine:v3.18", "xkbcomp", fixedIn("1.5.0-r0"))],
      }),
    );
    // A CVE has four digits at least: these are no CVEs, and their absence shows in the next line.
    expect(first?.aliases).toEqual(["CVE-2024-1", "CVE-2024-2"]);
    expect(second?.aliases).toEqual([]);
    expect(third?.aliases).toEqual(["CVE-2024-3000"]);
    expect(fourth?.aliases).toEqual(["CVE-2018-15853"]);
  });

  test("is graded by its vendor, wherever that writes it", async () => {
    const graded = await read(
      record({ database_specific: { severity: "MODERATE" }, affected: go }),
      record({ id: "UBUNTU-CVE-1", severity: [{ type: "Ubuntu", score: "negligible" }], affected: go }),
      record({ id: "ALSA-2023:1", summary: "Important: curl security update", affected: alma }),
      record({ id: "MAL-2024-1", affected: go }),
      record({ affected: go }),
    );
    expect(graded.map(({ severity }) => severity)).toEqual([
      "Medium",
      "Negligible",
      "High",
      "Critical",
      null,
    ]);
    const debian = affected("Debian:12", "curl", fixedIn("1"), {
      ecosystem_specific: { urgency: "unimportant" },
    });
    expect((await read(record({ affected: [debian] })))[0]?.affected[0]?.severity).toBe("Negligible");
  });

  test("has vectors with their versions, and times but the year 1", async () => {
    const severity = [
      { type: "CVSS_V3", score: "CVSS:3.1/AV:N/AC:L/PR:N/UI:R/S:U/C:N/I:L/A:N" },
      { type: "CVSS_V4", score: "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N" },
      { type: "CVSS_V2", score: "AV:N/AC:L/Au:N/C:P/I:P/A:P" },
      { type: "CVSS_V3", score: "high" },
    ];
    const [advisory] = await read(record({ modified: "0001-01-01T00:00:00Z", severity, affected: go }));
    expect(advisory?.cvss.map(({ version, source }) => `${version} ${source}`)).toEqual([
      "3.1 ghsa",
      "4.0 ghsa",
      "2.0 ghsa",
    ]);
    expect(advisory?.modifiedAt).toBeNull();
    expect(advisory?.publishedAt).toBe(Date.UTC(2025, 10, 1));
  });

  test("counts only as a vulnerability: no withdrawn record, bug fix, notice or live patch", async () => {
    const notice = affected("crates.io", "old", fixedIn("9"), {
      database_specific: { informational: "unmaintained" },
    });
    const none = await read(
      record({ withdrawn: "2024-01-01T00:00:00Z", affected: go }),
      record({ id: "ALBA-2022:1", summary: "curl bug fix and enhancement update", affected: alma }),
      record({ id: "RUSTSEC-2024-1", affected: [notice] }),
      record({ id: "LSN-0100-1", affected: [affected("Ubuntu:22.04:LTS", "linux", fixedIn("100.1"))] }),
    );
    expect(none).toEqual([]);
    const fix = record({ id: "ALBA-2022:1", related: ["CVE-2022-1234"], affected: alma });
    expect(await read(fix)).toHaveLength(1);
  });
});

test("records that are none are told of, and the others read", async () => {
  const good = record({ affected: [affected("Go", "example.com/x", fixedIn("1.0.0"))] });
  const records = await all(
    readOsv(
      documents({
        "good.json": good,
        "README.md": "not a record",
        "cut.json": JSON.stringify(good).slice(0, 50),
        "list.json": [good],
        "nameless.json": { ...good, id: 7 },
        "affected.json": { ...good, affected: "all" },
        "deep.json": "[".repeat(300_000),
        "types.json": record({
          aliases: "CVE-2024-1000",
          severity: { type: 1 },
          references: [null, { url: 3 }],
          affected: [
            null,
            1,
            { package: 3 },
            affected("Go", "x".repeat(1000), fixedIn("1")),
            affected("Go", "y", [null as never, { fixed: 3 }]),
          ],
        }),
      }),
    ),
  );
  expect(advisoriesIn(records).map(({ id }) => id)).toEqual(["GHSA-xxxx-yyyy-zzzz"]);
  expect(unreadableIn(records)).toEqual([
    "cut.json: It is not valid JSON.",
    "list.json: It is no OSV record.",
    "nameless.json: It is no OSV record.",
    "affected.json: It is no OSV record.",
    "deep.json: It is nested too deeply.",
  ]);
});

interface Raw {
  readonly id: string;
  readonly withdrawn?: string;
  readonly affected?: {
    readonly package: { readonly ecosystem: string; readonly name: string };
    readonly ranges?: { readonly events: { readonly introduced?: string; readonly fixed?: string }[] }[];
  }[];
}

/** Read anew, by nothing but the format's own words. */
function rawRecords(ecosystem: string): Raw[] {
  using zip = Zip.open(sharedFeed(`osv/${ecosystem}/all.zip`), {
    ...{ entries: 1e5, directoryBytes: 1e8, entryBytes: 1e8, totalBytes: 1e9 },
  });
  return Array.from(zip.entries(), (entry) => JSON.parse(Buffer.from(zip.read(entry)).toString()) as Raw);
}

describeUnless(missingFeeds(), "real OSV feeds", () => {
  for (const ecosystem of ["Go", "Debian"]) {
    test(`${ecosystem}: every fix of every record that is not withdrawn, and no other`, async () => {
      const expected = new Set<string>();
      const open = new Set<string>();
      for (const { id, withdrawn, affected = [] } of rawRecords(ecosystem)) {
        if (withdrawn !== undefined) continue;
        for (const { package: of, ranges = [] } of affected) {
          const events = ranges.flatMap((range) => range.events);
          for (const { fixed } of events)
            if (fixed !== undefined && fixed !== "0")
              expected.add(`${id} ${of.ecosystem} ${of.name} ${fixed}`);
          if (events.at(-1)?.introduced !== undefined) open.add(`${id} ${of.ecosystem} ${of.name}`);
        }
      }
      const advisories = advisoriesIn(await all(readFeed("osv", [sharedFeed(`osv/${ecosystem}/all.zip`)])));
      const ranges = advisories.flatMap(({ id, affected }) =>
        affected
          .filter(({ status }) => status !== "not_affected")
          .flatMap(({ ecosystem, name, ranges }) =>
            ranges.map(({ fixed }) => ({ of: `${id} ${ecosystem} ${name}`, fixed })),
          ),
      );
      const fixes = ranges.filter(({ fixed }) => fixed !== null).map(({ of, fixed }) => `${of} ${fixed}`);
      expect(new Set(fixes).symmetricDifference(expected)).toEqual(new Set());
      const unfixed = new Set(ranges.filter(({ fixed }) => fixed === null).map(({ of }) => of));
      expect(unfixed.symmetricDifference(open)).toEqual(new Set());
      expect(fixes.length).toBeGreaterThan(3000);
    });
  }

  for (const ecosystem of [
    "Alpine",
    "Ubuntu",
    "Maven",
    "npm",
    "NuGet",
    "PyPI",
    "crates.io",
    "RubyGems",
    "Packagist",
  ]) {
    test(`${ecosystem}: every record can be read`, async () => {
      const records = await all(readFeed("osv", [sharedFeed(`osv/${ecosystem}/all.zip`)]));
      const expected = rawRecords(ecosystem).filter(
        (raw) =>
          raw.withdrawn === undefined &&
          !/^LSN/.test(raw.id) &&
          !JSON.stringify(raw).includes('"informational":"unmaintained"'),
      );
      expect(unreadableIn(records)).toEqual([]);
      expect(
        advisoriesIn(records)
          .map(({ id }) => id)
          .sort(),
      ).toEqual(expected.map(({ id }) => id).sort());
    });
  }
});

import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { readFeed } from "../../../src/scan/vulndb/formats/index.ts";
import { idsIn, readSecdb } from "../../../src/scan/vulndb/formats/secdb.ts";
import { describeUnless } from "../../support/describe-unless.ts";
import { missingFeeds, sharedFeed } from "../../support/shared-feeds.ts";
import { advisoriesIn, all, documents, groupsIn, show, unreadableIn } from "./reading.ts";

/** In the form of today's JSON. */
const list = (secfixes: object, more: object = { distroversion: "v3.20" }) => ({
  apkurl: "{{urlprefix}}/{{distroversion}}/{{reponame}}/{{arch}}/{{pkg.name}}-{{pkg.ver}}.apk",
  archs: ["x86_64", "aarch64"],
  reponame: "main",
  urlprefix: "https://dl-cdn.alpinelinux.org/alpine",
  ...more,
  packages: [{ pkg: { name: "curl", secfixes } }],
});

async function shown(content: unknown, name = "main.json"): Promise<string[]> {
  const advisories = advisoriesIn(await all(readSecdb(documents({ [name]: content }))));
  return advisories.map(({ id, aliases, affected }) => [id, ...aliases, ...affected.map(show)].join(" | "));
}

describe("a secdb", () => {
  test("says what was fixed when; in 0 means never affected, and the last of several fixes counts", async () => {
    const fixes = {
      "8.5.0-r0": ["CVE-2023-46218"],
      "0": ["CVE-2021-22897"],
      "8.12.0-r0": ["CVE-2023-46218"],
    };
    expect((await shown(list(fixes))).sort()).toEqual([
      "CVE-2021-22897 | Alpine:v3.20 curl [0, ∞) not_affected",
      "CVE-2023-46218 | Alpine:v3.20 curl [0, 8.12.0-r0) affected",
    ]);
  });

  test("of YAML keeps versions as they are written", async () => {
    const text =
      "distroversion: v3.3\npackages:\n  - pkg:\n      name: x\n      secfixes:\n        1.10:\n          - CVE-2016-1234\n";
    expect(await shown(text, "main.yaml")).toEqual(["CVE-2016-1234 | Alpine:v3.3 x [0, 1.10) affected"]);
  });

  test("tells of its distribution by release or address", async () => {
    const of = async (more: object) =>
      groupsIn(await all(readSecdb(documents({ "a.json": list({}, more) }))));
    expect(await of({ distroversion: "edge" })).toEqual(["Alpine:edge"]);
    expect(await of({ urlprefix: "https://packages.wolfi.dev" })).toEqual(["Wolfi"]);
    expect(await of({ urlprefix: "https://packages.cgr.dev" })).toEqual(["Chainguard"]);
    expect(await of({ urlprefix: "https://example.com" })).toEqual([]);
  });

  test("that is none is told of", async () => {
    const bomb = `a: &a [${"x,".repeat(9)}]\n${Array.from({ length: 9 }, (_, i) => `k${i}: &k${i} [${"*a,".repeat(9)}]`).join("\n")}`;
    const records = await all(
      readSecdb(
        documents({
          "a.json": { distroversion: "../etc", packages: [] },
          "b.json": "[]",
          "c.yaml": bomb,
          "d.yaml": "\t- ]",
          "e.json": { distroversion: "v3.20", packages: [{ pkg: { secfixes: {} } }, 3] },
          "f.json": {
            distroversion: "v3.20",
            packages: [{ pkg: { name: "x", secfixes: { "1": "CVE", "2": [3, null] } } }],
          },
        }),
      ),
    );
    expect(advisoriesIn(records)).toEqual([]);
    expect(unreadableIn(records)).toHaveLength(7);
    expect(unreadableIn(records)).toContain("f.json: x 2 names no vulnerability.");
  });
});

test("ids are cleaned", () => {
  const cases: Record<string, string[][]> = {
    "CVE-2019-9517": [["CVE-2019-9517"]],
    "CVE_2019-2426": [["CVE-2019-2426"]],
    "CVE 2018-16859": [["CVE-2018-16859"]],
    "CVE-2017-17434-1": [["CVE-2017-17434"]],
    "CVE-2019-19451.patch": [["CVE-2019-19451"]],
    "CVE-2019-5060 TALOS-2019-0844": [["CVE-2019-5060", "TALOS-2019-0844"]],
    "CVE-2018-3639   XSA-263": [["CVE-2018-3639", "XSA-263"]],
    "CVE-2018-16301 (was fixed in libpcap)": [["CVE-2018-16301"]],
    "CVE-????-?????  XSA-295": [["XSA-295"]],
    "CVE-2018-3620 CVE-2018-3646 XSA-273": [["CVE-2018-3620"], ["CVE-2018-3646"]],
    "wnpa-sec-2017-18": [["wnpa-sec-2017-18"]],
    "GHSA-2326-pfpj-vx3h": [["GHSA-2326-pfpj-vx3h"]],
    "GHSA-gcvx-fhxp-jpqq": [["GHSA-gcvx-fhxp-jpqq"]],
    "CVE-2024-0001 GHSA-gcvx-fhxp-jpqq": [["CVE-2024-0001", "GHSA-gcvx-fhxp-jpqq"]],
    "see-changelog": [],
    "see changelog": [],
  };
  for (const [entry, ids] of Object.entries(cases))
    expect(idsIn(entry).map(({ id, aliases }) => [id, ...aliases])).toEqual(ids);
});

/** The lists read by their indentation alone: `release package version entry`. */
function entriesOf(release: string): string[][] {
  return ["main", "community"].flatMap((part) => {
    const [entries, at] = [[] as string[][], ["", ""]];
    for (const line of readFileSync(sharedFeed(`alpine-secdb/${release}/${part}.yaml`), "utf8").split("\n")) {
      const [, name] = /^ {6}name: (.*)$/.exec(line) ?? [];
      const [, version] = /^ {8}'?([^ '].*?)'?:(?: .*)?$/.exec(line) ?? [];
      const [, entry] = /^ {7,}- (.*?) *$/.exec(line) ?? [];
      if (name !== undefined) at[0] = name;
      else if (version !== undefined) at[1] = version;
      else if (entry !== undefined) entries.push([release, ...at, entry.trim()]);
    }
    return entries;
  });
}

describeUnless(missingFeeds(), "Alpine's real lists", () => {
  test("of nine releases have 996 ids of 12,028 that are no CVE's, all of which are understood", () => {
    const releases = [3, 4, 5, 6, 7, 8, 9, 10, 11].map((minor) => `v3.${minor}`);
    const entries = releases.flatMap(entriesOf).map(([, , , entry = ""]) => entry);
    const unclean = entries.filter((entry) => !/^CVE-\d{4}-\d{4,}$/.test(entry));
    expect([entries.length, unclean.length]).toEqual([12_028, 996]);
    const ids = unclean.flatMap((entry) => idsIn(entry).map(({ id }) => id));
    expect(unclean.filter((entry) => idsIn(entry).length === 0)).toEqual([]);
    expect(ids.filter((id) => !/^(?:CVE-\d{4}-\d{4,}|XSA-\d+|ZBX-\d+|wnpa-sec-\d{4}-\d+)$/.test(id))).toEqual(
      [],
    );
  });

  test("of 3.11 are read whole", async () => {
    const entries = entriesOf("v3.11");
    const expected = new Set(
      entries.flatMap(([, name, , entry = ""]) => idsIn(entry).map(({ id }) => `${name} ${id}`)),
    );
    const records = await all(readFeed("secdb", [sharedFeed("alpine-secdb/v3.11")]));
    const found = advisoriesIn(records).flatMap(({ id, affected }) =>
      affected.map(({ name }) => `${name} ${id}`),
    );
    expect(unreadableIn(records)).toEqual([]);
    expect(new Set(found).symmetricDifference(expected)).toEqual(new Set());
    expect(groupsIn(records)).toEqual(["Alpine:v3.11", "Alpine:v3.11"]);
    const told = new Set(
      entries.flatMap(([, name, version, entry = ""]) =>
        idsIn(entry).map(({ id }) => `${name} ${version} ${id}`),
      ),
    );
    const untold = advisoriesIn(records)
      .flatMap(({ id, affected }) => affected.map(({ name, ranges }) => `${name} ${ranges[0]?.fixed} ${id}`))
      .filter((line) => !told.has(line));
    expect(untold).toEqual([]);
  });
});

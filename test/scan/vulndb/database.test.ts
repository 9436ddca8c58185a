import { Database } from "bun:sqlite";
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { appendFileSync, copyFileSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isRefusal } from "../../../src/kernel/index.ts";
import { VulnerabilityDatabase } from "../../../src/scan/vulndb/index.ts";
import { seal } from "../../../src/scan/vulndb/seal.ts";
import { type TemporaryDirectory, temporaryDirectory } from "../../support/temporary-directory.ts";
import { advisory, affected, before, build, fetched } from "./feeds.ts";

let directory: TemporaryDirectory;
const at = (name: string) => join(directory.path, name);

const whole = advisory(
  "GHSA-1",
  [
    affected(
      "PyPI",
      "zope-interface",
      [
        before("5.0"),
        { introduced: "6.0", fixed: null, lastAffected: "6.2" },
        { introduced: "7", fixed: null, lastAffected: null },
      ],
      { scheme: "pep440", versions: ["5.5"], severity: "Low", status: "fix_deferred" },
    ),
    affected("AlmaLinux:9", "nodejs", [before("1:18.1-1.el9")], { scheme: "rpm", module: "nodejs:18" }),
  ],
  {
    aliases: ["CVE-2024-1000", "PYSEC-1"],
    summary: "A summary.",
    description: "A description, ünïcode and all.",
    severity: "High",
    cvss: [{ version: "3.1", vector: "CVSS:3.1/AV:N/AC:L/PR:N/UI:R/S:U/C:N/I:L/A:N", source: "ghsa" }],
    cwes: ["CWE-79"],
    links: ["https://example.com/"],
    publishedAt: 1,
    modifiedAt: 2,
  },
);

beforeAll(async () => {
  directory = await temporaryDirectory("vulndb");
  const assessment = {
    ...{
      cve: "CVE-2024-1000",
      description: "NVD's.",
      cwes: [],
      links: [],
      publishedAt: null,
      modifiedAt: null,
    },
    cvss: [{ version: "3.1", vector: "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", source: "nvd" }],
  };
  await build(at("db"), [
    fetched("python", [whole]),
    fetched("nvd", [{ kind: "assessment", assessment }], { format: "nvd" }),
    fetched("epss", [{ kind: "epss", cve: "CVE-2024-1000", probability: 0.5, percentile: 0.25 }], {
      format: "epss",
    }),
  ]);
});
afterAll(() => directory[Symbol.asyncDispose]());

describe("a compiled database", () => {
  test("gives an advisory as it was told", async () => {
    using database = await VulnerabilityDatabase.open(at("db"));
    const [statement, ...others] = database.statementsOn("PyPI", "Zope.Interface");
    expect(others).toEqual([]);
    const told = whole.kind === "advisory" ? whole.advisory : null;
    expect(statement).toMatchObject({ feed: "python", id: "GHSA-1", aliases: ["CVE-2024-1000", "PYSEC-1"] });
    expect(statement?.affected).toEqual(told?.affected[0] as never);
    expect({ ...statement?.advisory() }).toEqual({ ...told, feed: "python" } as never);
    expect(database.statementsOn("AlmaLinux:9", "nodejs")[0]?.affected).toEqual(told?.affected[1] as never);
  });

  test("knows nothing of other names, releases and ecosystems", async () => {
    using database = await VulnerabilityDatabase.open(at("db"));
    const asked: [string, string][] = [
      ["PyPI", "zope"],
      ["AlmaLinux:8", "nodejs"],
      ["npm", "zope-interface"],
      ["", ""],
      ["PyPI", "%"],
    ];
    for (const [ecosystem, name] of asked) expect(database.statementsOn(ecosystem, name)).toEqual([]);
    expect(database.enrichmentOf("CVE-2024-1001")).toBeNull();
    expect(database.vulnerability("CVE-2024-1001")).toBeNull();
  });

  test("finds a vulnerability by each of its names", async () => {
    using database = await VulnerabilityDatabase.open(at("db"));
    for (const name of ["GHSA-1", "CVE-2024-1000", "PYSEC-1"])
      expect(database.vulnerability(name)?.advisories.map(({ id, feed }) => `${feed} ${id}`)).toEqual([
        "python GHSA-1",
      ]);
    const known = database.vulnerability("CVE-2024-1000");
    expect(known?.assessment?.description).toBe("NVD's.");
    expect(known?.enrichment).toEqual({
      exploitedSince: null,
      epss: { probability: 0.5, percentile: 0.25 },
      cvss: [{ version: "3.1", vector: "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", source: "nvd" }],
    });
  });
});

describe("a file that is not to be trusted is refused with a sentence", () => {
  const cases: Record<string, { make(path: string): unknown; says: string }> = {
    absent: { make: () => {}, says: "cannot be read" },
    empty: { make: (path) => writeFileSync(path, ""), says: "is no vulnerability database" },
    text: { make: (path) => writeFileSync(path, "x".repeat(10_000)), says: "is no vulnerability database" },
    "cut-off": {
      make: (path) => truncateSync(copy(path), 20_000),
      says: "is no vulnerability database, or is cut off",
    },
    longer: {
      make: (path) => appendFileSync(copy(path), "x"),
      says: "is no vulnerability database, or is cut off",
    },
    changed: { make: (path) => change(copy(path), 9000), says: "is damaged: its checksum is wrong" },
    "of-another-program": {
      make: async (path) => {
        using database = new Database(path);
        database.run("create table manifest (body text)");
        database.close();
        await seal(path);
      },
      says: "is no vulnerability database.",
    },
    "of-another-format": {
      make: async (path) => {
        using database = new Database(copy(path));
        database.run("pragma user_version = 99");
        database.close();
        truncateSync(path, Bun.file(path).size - 4096);
        await seal(path);
      },
      says: "has the format 99; this program reads format 2.",
    },
  };
  for (const [name, { make, says }] of Object.entries(cases)) {
    test(name, async () => {
      const path = at(name);
      await make(path);
      const refused = await VulnerabilityDatabase.open(path).catch((error: unknown) => error);
      expect(isRefusal(refused, "FEED_INVALID")).toBe(true);
      expect((refused as Error).message).toStartWith(`The vulnerability database ${path} ${says}`);
      const built = await build(at("next"), [], { previous: path }).catch((error: unknown) => error);
      expect(isRefusal(built, "FEED_INVALID")).toBe(true);
    });
  }
});

function copy(path: string): string {
  copyFileSync(at("db"), path);
  return path;
}

function change(path: string, offset: number): void {
  const bytes = readFileSync(path);
  bytes[offset] = (bytes[offset] ?? 0) ^ 1;
  writeFileSync(path, bytes);
}

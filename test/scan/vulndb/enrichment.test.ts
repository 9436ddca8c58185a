import { describe, expect, test } from "bun:test";
import { readEpss } from "../../../src/scan/vulndb/formats/epss.ts";
import { readFeed } from "../../../src/scan/vulndb/formats/index.ts";
import { readKev } from "../../../src/scan/vulndb/formats/kev.ts";
import { readNvd } from "../../../src/scan/vulndb/formats/nvd.ts";
import { describeUnless } from "../../support/describe-unless.ts";
import { missingFeeds, sharedFeed } from "../../support/shared-feeds.ts";
import { all, documents, unreadableIn } from "./reading.ts";

describe("CISA's list", () => {
  test("says since when a CVE is known to be exploited", async () => {
    const list = {
      dateReleased: "2026-01-27T20:51:50.7688Z",
      count: 2,
      vulnerabilities: [{ cveID: "CVE-2026-24858", dateAdded: "2026-01-27" }, { cveID: "none" }],
    };
    expect(await all(readKev(documents({ "kev.json": list })))).toEqual([
      { kind: "as-of", at: Date.parse("2026-01-27T20:51:50.768Z") },
      { kind: "exploited", cve: "CVE-2026-24858", since: Date.UTC(2026, 0, 27) },
      { kind: "unreadable", reason: "kev.json: An entry has no CVE or no date." },
    ]);
  });
});

describeUnless(missingFeeds(), "CISA's real list", () => {
  test("is read whole", async () => {
    const path = sharedFeed("kev.json");
    const raw = (await Bun.file(path).json()) as {
      count: number;
      vulnerabilities: { cveID: string; dateAdded: string }[];
    };
    const found = (await all(readFeed("kev", [path]))).filter((record) => record.kind === "exploited");
    expect(found.map(({ cve, since }) => `${cve} ${new Date(since).toISOString().slice(0, 10)}`)).toEqual(
      raw.vulnerabilities.map(({ cveID, dateAdded }) => `${cveID} ${dateAdded}`),
    );
    expect(found).toHaveLength(raw.count);
  });
});

describe("EPSS", () => {
  const head = "#model_version:v2025.03.14,score_date:2026-01-27T12:55:00Z\ncve,epss,percentile\n";

  test("gives two numbers for each CVE", async () => {
    const records = await all(
      readEpss(documents({ "epss.csv": `${head}CVE-1999-0001,0.01283,0.79\nCVE-1999-0002,1,0\n` })),
    );
    expect(records).toEqual([
      { kind: "as-of", at: Date.UTC(2026, 0, 27, 12, 55) },
      { kind: "epss", cve: "CVE-1999-0001", probability: 0.01283, percentile: 0.79 },
      { kind: "epss", cve: "CVE-1999-0002", probability: 1, percentile: 0 },
    ]);
  });

  test("lines that are none are told of", async () => {
    const lines = ["CVE-1999-0001,2,0.5", "CVE-1999-0001,,", "CVE-1999-0001,NaN,0", "no,0.5,0.5", "<html>"];
    expect(
      unreadableIn(await all(readEpss(documents({ "epss.csv": head + lines.join("\n") })))),
    ).toHaveLength(5);
    expect(unreadableIn(await all(readEpss(documents({ "epss.csv": "x".repeat(10_000) }))))).toEqual([
      "epss.csv: A line of it is too long.",
    ]);
  });
});

test("NVD gives scores by version and by who gave them, and leaves out what was rejected", async () => {
  const metric = (version: string, vectorString: string, source: string) => ({
    source,
    type: "Primary",
    cvssData: { version, vectorString, baseScore: 9.8, baseSeverity: "CRITICAL" },
  });
  const page = {
    resultsPerPage: 3,
    startIndex: 0,
    totalResults: 3,
    format: "NVD_CVE",
    version: "2.0",
    timestamp: "2026-01-27T10:00:00.123",
    vulnerabilities: [
      {
        cve: {
          id: "CVE-2021-44228",
          published: "2021-12-10T10:15:09.143",
          lastModified: "2025-04-03T20:53:22.977",
          vulnStatus: "Analyzed",
          descriptions: [
            { lang: "es", value: "Las características" },
            { lang: "en", value: "Apache Log4j2 JNDI features" },
          ],
          metrics: {
            cvssMetricV31: [metric("3.1", "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H", "nvd@nist.gov")],
            cvssMetricV2: [metric("2.0", "AV:N/AC:M/Au:N/C:C/I:C/A:C", "security@example.org")],
          },
          weaknesses: [
            { source: "security@apache.org", description: [{ lang: "en", value: "CWE-20" }] },
            { source: "nvd@nist.gov", description: [{ lang: "en", value: "NVD-CWE-noinfo" }] },
          ],
          references: [{ url: "https://logging.apache.org/log4j/2.x/security.html", source: "x", tags: [] }],
        },
      },
      { cve: { id: "CVE-2021-00001", vulnStatus: "Rejected" } },
      { cve: null },
    ],
  };
  expect(await all(readNvd(documents({ "1.json": page })))).toEqual([
    { kind: "as-of", at: Date.UTC(2026, 0, 27, 10, 0, 0, 123) },
    {
      kind: "assessment",
      assessment: {
        cve: "CVE-2021-44228",
        description: "Apache Log4j2 JNDI features",
        cvss: [
          { version: "3.1", vector: "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H", source: "nvd" },
          { version: "2.0", vector: "AV:N/AC:M/Au:N/C:C/I:C/A:C", source: "security@example.org" },
        ],
        cwes: ["CWE-20"],
        links: ["https://logging.apache.org/log4j/2.x/security.html"],
        publishedAt: Date.UTC(2021, 11, 10, 10, 15, 9, 143),
        modifiedAt: Date.UTC(2025, 3, 3, 20, 53, 22, 977),
      },
    },
    { kind: "unreadable", reason: "1.json: An entry has no CVE." },
  ]);
});

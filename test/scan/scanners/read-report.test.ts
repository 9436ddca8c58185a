import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { AdapterError } from "../../../src/scan/scanners/adapter/adapter-error.ts";
import { toHarborReport } from "../../../src/scan/scanners/reports/harbor-report.ts";
import { readReport, readSbom } from "../../../src/scan/scanners/reports/read-report.ts";

const bytes = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
const readFindings = (report: unknown) => readReport(bytes(report), "Model").findings;
const read = (...vulnerabilities: unknown[]) => readFindings({ vulnerabilities });

describe("a report", () => {
  test("of Harbor's own form is read", () => {
    const [finding] = read({
      id: "CVE-2017-8283",
      package: "dpkg",
      version: "1.17.27",
      fix_version: "1.18.0",
      severity: "Low",
      description: "dpkg-source …",
      links: ["https://security-tracker.debian.org/tracker/CVE-2017-8283", 7],
    });
    expect(finding).toMatchObject({
      id: "CVE-2017-8283",
      package: "dpkg",
      version: "1.17.27",
      fixedVersion: "1.18.0",
      severity: "Low",
      status: "affected",
      links: ["https://security-tracker.debian.org/tracker/CVE-2017-8283"],
      feed: "Model",
    });
  });

  test("of the generic form is read with scores, weaknesses and what vendors add", () => {
    const vector = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H";
    const [finding] = read({
      id: "CVE-1",
      package: "a",
      version: "1",
      severity: "critical",
      status: "will_not_fix",
      preferred_cvss: { score_v3: 9.8, vector_v3: vector, score_v2: null, vector_v2: "" },
      cwe_ids: ["CWE-79"],
      vendor_attributes: {
        CVSS: { nvd: { V3Score: 9.8, V3Vector: vector, V2Score: 7.5, V2Vector: "AV:N" } },
      },
    });
    expect(finding).toMatchObject({ severity: "Critical", status: "will_not_fix", cwes: ["CWE-79"] });
    expect(finding?.cvss).toEqual([
      { version: "3.1", vector, score: 9.8, source: "" },
      { version: "2.0", vector: "AV:N", score: 7.5, source: "nvd" },
    ]);
  });

  test("calls no severity harmless that it does not know", () => {
    const severities = ["Moderate", "", null, 7, "__proto__"].map((severity, at) => ({
      id: `${at}`,
      severity,
    }));
    expect(read(...severities).map(({ severity }) => severity)).toEqual(Array(5).fill("Unknown"));
    expect(read({ id: "1", status: "constructor" })[0]?.status).toBe("affected");
  });

  test("names a vulnerability once that it lists for each place", () => {
    const one = { id: "CVE-1", package: "a", version: "1", severity: "High" };
    expect(read(one, one, { ...one, package: "b" })).toHaveLength(2);
  });

  test("counts what it lists several times by the worst rating, with the fix that is known", () => {
    const [low, critical] = [
      { id: "CVE-1", package: "a", version: "1", severity: "Low", fix_version: "2" },
      { id: "CVE-1", package: "a", version: "1", severity: "Critical" },
    ];
    const long = "p".repeat(512);
    for (const [one, other] of [
      [low, critical],
      [critical, low],
      [
        { ...critical, package: `${long}a` },
        { ...low, package: `${long}b` },
      ],
      [
        { ...critical, package: { name: "p" } },
        { ...low, package: 7 },
      ],
    ]) {
      expect(read(one, other)).toMatchObject([{ severity: "Critical", fixedVersion: "2" }]);
    }
  });

  test("without vulnerabilities is one; without the list of them only where it says when and by what it was made", () => {
    const [generated_at, scanner] = ["2026-11-30T03:58:45.331848258Z", { name: "Trivy" }];
    expect(read()).toEqual([]);
    expect(readFindings({ vulnerabilities: null })).toEqual([]);
    expect(readFindings({ generated_at, artifact: {}, scanner })).toEqual([]);
    const unsigned = [{}, { generated_at }, { scanner }, { generated_at, scanner: {} }];
    const broken = [{ vulnerabilities: [{}] }, { vulnerabilities: [{ id: "" }] }, { vulnerabilities: {} }];
    for (const none of [...unsigned, ...broken, [], null, "x"]) {
      expect(() => readFindings(none)).toThrow(AdapterError);
    }
  });

  test("of any bytes is read or refused", () => {
    const item = fc.record({
      id: fc.string({ minLength: 1 }),
      severity: fc.jsonValue(),
      links: fc.jsonValue(),
    });
    const part = fc.record({ state: fc.constantFrom("covered", "x"), packages: fc.jsonValue() });
    const coverage = fc.oneof(fc.jsonValue(), fc.array(part));
    const report = fc.record({ vulnerabilities: fc.array(item), coverage });
    fc.assert(
      fc.property(fc.oneof(fc.jsonValue(), report), (value) => {
        try {
          const { findings, coverage } = readReport(bytes(value), "Model");
          for (const finding of findings) expect(finding.id).not.toBe("");
          const said = (value as { coverage?: unknown }).coverage ?? null;
          expect(coverage === null).toBe(said === null);
          for (const { state } of coverage ?? []) expect(state).toBe("unparsable");
        } catch (error) {
          expect(error).toBeInstanceOf(AdapterError);
        }
      }),
      { numRuns: 300 },
    );
  });

  test("that we write says the same to those who read it", () => {
    const before = read(
      { id: "CVE-1", package: "a", version: "1", fix_version: "2", severity: "High", cwe_ids: ["CWE-1"] },
      { id: "CVE-2", package: "b", version: "1", severity: "Unknown", links: ["https://example.com"] },
    );
    const findings = before.map((finding) => ({ finding, images: [] }));
    const written = toHarborReport({ generatedAt: 0, maker: null, severity: "High", findings });
    expect(readFindings(written)).toEqual([...before]);
  });
});

describe("the coverage of a report", () => {
  const whole = { ecosystem: "Debian:12", state: "covered", asOf: 5, packages: 2, message: "2 packages." };
  const coverageOf = (coverage: unknown) =>
    readReport(bytes({ vulnerabilities: [], coverage }), "Model").coverage;

  test("is what the scanner says, or null where it says nothing", () => {
    expect(coverageOf([whole, { ...whole, asOf: null }])).toEqual([whole, { ...whole, asOf: null }] as never);
    expect(coverageOf([])).toEqual([]);
    expect(coverageOf(undefined)).toBeNull();
    expect(coverageOf(null)).toBeNull();
  });

  test("is cut where its texts are long, and stands", () => {
    const long = { ...whole, ecosystem: "m".repeat(300), message: "m".repeat(5000) };
    expect(coverageOf([long])).toEqual([
      { ...whole, ecosystem: "m".repeat(256), message: "m".repeat(4096) } as never,
    ]);
  });

  test("is unparsable where it cannot be read, and says so", () => {
    const strange = { ...whole, state: "no_idea" };
    expect(coverageOf([whole, strange])).toEqual([
      whole,
      {
        ...{ ecosystem: "Debian:12", state: "unparsable", asOf: null, packages: 0 },
        message: 'The report\'s coverage has a state that is not known here, "no_idea". 2 packages.',
      },
    ] as never);
    const broken = [
      null,
      7,
      [],
      {},
      { ...whole, asOf: 1e300 },
      { ...whole, packages: -1 },
      { state: "covered" },
    ];
    for (const one of broken) {
      const [first, second, ...more] = coverageOf([one, whole]) ?? [];
      expect(first).toMatchObject({
        state: "unparsable",
        message: expect.stringContaining("cannot be read"),
      });
      expect(second).toEqual(whole as never);
      expect(more).toEqual([]);
    }
    for (const none of [{}, "covered", 7, false]) {
      expect(coverageOf(none)).toMatchObject([
        { state: "unparsable", message: expect.stringContaining("no list") },
      ]);
    }
  });

  test("beyond the most entries is said not to have been read", () => {
    const entries = coverageOf(Array(1002).fill(whole)) ?? [];
    expect(entries).toHaveLength(1001);
    expect(entries.at(-1)).toMatchObject({
      state: "unparsable",
      message: "The report's coverage has 1002 entries, of which 2 were not read.",
    });
  });
});

test("an SBOM is taken as it is", () => {
  const sbom = { spdxVersion: "SPDX-2.3" };
  expect(JSON.parse(new TextDecoder().decode(readSbom(bytes({ sbom }))))).toEqual(sbom);
  expect(() => readSbom(bytes({}))).toThrow(AdapterError);
  expect(() => readSbom(bytes({ sbom: null }))).toThrow(AdapterError);
});

import { describe, expect, test } from "bun:test";
import type { Identity } from "../../../src/scan/match/finding.ts";
import { matchIdentity } from "../../../src/scan/match/match.ts";
import type { Affected } from "../../../src/scan/vulndb/advisory.ts";
import { advisory, knowing } from "./advisories.ts";

const debian = "Debian:12";
const identity = (version: string, more: Partial<Identity> = {}): Identity => ({
  ...{ ecosystem: debian, name: "openssl", version, module: "", origin: "" },
  ...more,
});
const found = (known: ReturnType<typeof knowing>, of: Identity) =>
  matchIdentity(known, of).map(({ id, status, fixedVersion }) => `${id} ${status} ${fixedVersion}`);

describe("one vulnerability is one finding", () => {
  test("an erratum about several is each of them, and their names are not each other's", () => {
    const dsa = advisory(
      { id: "DSA-1-1", aliases: ["CVE-2024-0001", "CVE-2024-0002"] },
      debian,
      "openssl",
      "3.0.2-1",
    );
    const findings = matchIdentity(knowing([dsa]), identity("3.0.1-1"));
    expect(findings.map(({ id, aliases }) => [id, aliases])).toEqual([
      ["CVE-2024-0001", ["DSA-1-1"]],
      ["CVE-2024-0002", ["DSA-1-1"]],
    ]);
  });

  test("advisories that know it by different names are joined, by way of others too", () => {
    const npm = (id: string, ...aliases: string[]) => advisory({ id, aliases }, "npm", "left-pad", "2.0.0");
    const known = knowing([
      npm("GHSA-aaaa", "CVE-2024-0001"),
      npm("SNYK-1", "GHSA-aaaa"),
      npm("MAL-1", "GHSA-bbbb"),
      npm("OTHER-1", "GHSA-bbbb"),
    ]);
    const findings = matchIdentity(known, identity("1.0.0", { ecosystem: "npm", name: "left-pad" }));
    expect(findings.map(({ id, aliases }) => [id, aliases.toSorted()])).toEqual([
      ["CVE-2024-0001", ["GHSA-aaaa", "SNYK-1"]],
      ["GHSA-bbbb", ["MAL-1", "OTHER-1"]],
    ]);
  });

  test("a distribution's record of a vulnerability counts before an erratum about several", () => {
    const dsa = advisory(
      { id: "DSA-1-1", aliases: ["CVE-2024-0001", "CVE-2024-0002"] },
      debian,
      "openssl",
      "3.0.5-1",
    );
    const own = advisory(
      { id: "DEBIAN-CVE-2024-0001", aliases: ["CVE-2024-0001"] },
      debian,
      "openssl",
      "3.0.2-1",
    );
    expect(found(knowing([dsa, own]), identity("3.0.3-1"))).toEqual(["CVE-2024-0002 affected 3.0.5-1"]);
    expect(found(knowing([dsa, own]), identity("3.0.1-1")).toSorted()).toEqual([
      "CVE-2024-0001 affected 3.0.2-1",
      "CVE-2024-0002 affected 3.0.5-1",
    ]);
  });
});

describe("advisories that disagree", () => {
  const of =
    (ecosystem: string, name: string) =>
    (id: string, fixed: string, ...cves: number[]) =>
      advisory({ id, aliases: cves.map((cve) => `CVE-2024-000${cve}`) }, ecosystem, name, fixed);

  test("leave a version affected, be it by one about several vulnerabilities", () => {
    const pypi = of("PyPI", "requests");
    const known = knowing([
      pypi("GHSA-aaaa", "2.0", 1, 2),
      pypi("PYSEC-1", "0.5", 1),
      pypi("PYSEC-2", "0.5", 2),
    ]);
    const requests = (version: string) => identity(version, { ecosystem: "PyPI", name: "requests" });
    expect(found(known, requests("1.0"))).toEqual([
      "CVE-2024-0001 affected 2.0",
      "CVE-2024-0002 affected 2.0",
    ]);
    expect(found(known, requests("2.0"))).toEqual([]);
  });

  test("be errata of a distribution, of which a later one mends more", () => {
    const alma = of("AlmaLinux:9", "openssl");
    const known = knowing([
      alma("ALSA-2024:1", "3.0-2", 1),
      alma("ALSA-2024:2", "3.0-5", 1, 2),
      alma("ALSA-2024:3", "3.0-2", 2),
    ]);
    const openssl = (version: string) => identity(version, { ecosystem: "AlmaLinux:9" });
    expect(found(known, openssl("3.0-3"))).toEqual([
      "CVE-2024-0001 affected 3.0-5",
      "CVE-2024-0002 affected 3.0-5",
    ]);
    expect(found(known, openssl("3.0-5"))).toEqual([]);
  });

  test("count less than the distribution's own record", () => {
    const mine = of(debian, "openssl");
    const known = knowing([
      mine("DSA-1-1", "3.0.5-1", 1, 2),
      mine("DEBIAN-CVE-2024-0001", "3.0.2-1", 1),
      mine("DEBIAN-CVE-2024-0002", "3.0.5-1", 2),
    ]);
    expect(found(known, identity("3.0.3-1"))).toEqual(["CVE-2024-0002 affected 3.0.5-1"]);
  });
});

describe("whether a version is affected", () => {
  test("the fix is the first good version, and the last affected the last bad one", () => {
    const fixed = knowing([advisory({ id: "CVE-2024-0001" }, debian, "openssl", "3.0.2-1")]);
    expect(found(fixed, identity("3.0.2-1~deb12u1"))).toHaveLength(1);
    expect(found(fixed, identity("3.0.2-1"))).toEqual([]);
    const last = knowing([
      advisory({ id: "CVE-2024-0001" }, debian, "openssl", null, {
        ranges: [{ introduced: "3.0.0-1", fixed: null, lastAffected: "3.0.2-1" }],
      }),
    ]);
    expect(found(last, identity("3.0.2-1"))).toEqual(["CVE-2024-0001 affected null"]);
    expect(found(last, identity("3.0.2-2"))).toEqual([]);
    expect(found(last, identity("2.9-1"))).toEqual([]);
  });

  test("ranges and single versions count together", () => {
    const known = knowing([
      advisory({ id: "CVE-2024-0001" }, "PyPI", "jinja2", null, {
        ranges: [{ introduced: "1.0", fixed: "1.5", lastAffected: null }],
        versions: ["2.0"],
      }),
    ]);
    const of = (version: string) => found(known, identity(version, { ecosystem: "PyPI", name: "jinja2" }));
    expect(of("1.2")).toEqual(["CVE-2024-0001 affected 1.5"]);
    expect(of("2.0.0")).toEqual(["CVE-2024-0001 affected null"]);
    expect(of("2.1")).toEqual([]);
  });

  test("who has built a Python package makes no difference, unless the advisory says who", () => {
    const torch = (more: Partial<Affected>) =>
      knowing([advisory({ id: "CVE-2024-0001" }, "PyPI", "torch", null, { ranges: [], ...more })]);
    const isFound = (version: string, more: Partial<Affected>) =>
      found(torch(more), identity(version, { ecosystem: "PyPI", name: "torch" })).length === 1;
    const range = (fixed: string | null, lastAffected: string | null) => ({
      ranges: [{ introduced: "2.0.0", fixed, lastAffected }],
    });
    expect(isFound("2.0.0+cu118", { versions: ["2.0.0"] })).toBe(true);
    expect(isFound("2.0.0+cu118", range(null, "2.0.0"))).toBe(true);
    expect(isFound("2.0.0+cu118", range("2.0.0.post1", null))).toBe(true);
    expect(isFound("2.0.1+cu118", range("2.0.1", null))).toBe(false);
    expect(isFound("2.0.1+cu118", range(null, "2.0.0"))).toBe(false);
    expect(isFound("2.0.1+cu118", range("2.0.1+cu118", null))).toBe(false);
    expect(isFound("2.0.1+cu117", range("2.0.1+cu118", null))).toBe(true);
  });

  test("a vendor that says not affected is believed, for the versions that it speaks of", () => {
    const known = knowing([
      advisory({ id: "CVE-2024-0001" }, debian, "openssl", null),
      advisory({ id: "CVE-2024-0001" }, debian, "openssl", "3.0.2-1", { status: "not_affected" }),
    ]);
    expect(found(known, identity("3.0.1-1"))).toEqual([]);
    expect(found(known, identity("3.0.3-1"))).toEqual(["CVE-2024-0001 affected null"]);
  });

  test("a version that cannot be compared is unknown, never good; where no version is good it is affected", () => {
    const known = knowing([
      advisory({ id: "CVE-2024-0001" }, debian, "openssl", "3.0.2-1"),
      advisory({ id: "CVE-2024-0002" }, debian, "openssl", null),
    ]);
    expect(found(known, identity("not a version"))).toEqual([
      "CVE-2024-0001 unknown null",
      "CVE-2024-0002 affected null",
    ]);
  });

  test("an rpm of Red Hat is also what it was built from, where nothing is said of itself", () => {
    const rhel = "Red Hat:9";
    const known = knowing([
      advisory({ id: "CVE-2024-0001" }, rhel, "openssl.src", null),
      advisory({ id: "CVE-2024-0002" }, rhel, "openssl.src", "1:3.0.7-27.el9"),
      advisory({ id: "CVE-2024-0003" }, rhel, "openssl.src", null),
      advisory({ id: "CVE-2024-0003" }, rhel, "openssl-libs", null, { status: "not_affected" }),
      advisory({ id: "CVE-2024-0004" }, rhel, "openssl.src", null, { module: "other:1" }),
      advisory({ id: "CVE-2024-0005" }, rhel, "openssl", null),
    ]);
    const libs = (origin: string) =>
      found(known, identity("1:3.0.7-28.el9", { ecosystem: rhel, name: "openssl-libs", origin }));
    expect(libs("openssl 1:3.0.7-28.el9")).toEqual(["CVE-2024-0001 affected null"]);
    expect(libs("openssl 1:3.0.7-24.el9")).toEqual([
      "CVE-2024-0001 affected null",
      "CVE-2024-0002 affected 1:3.0.7-27.el9",
    ]);
    expect(libs("other 1-1")).toEqual([]);
    expect(libs("")).toEqual([]);
  });

  test("an rpm is matched with its own module's stream alone, and with what holds for any", () => {
    const rpm = (id: string, module: string | null) =>
      advisory({ id }, "AlmaLinux:8", "nodejs", "2.0-1", { module });
    const known = knowing([
      rpm("CVE-2024-0001", "nodejs:18"),
      rpm("CVE-2024-0002", null),
      rpm("CVE-2024-0003", "*"),
    ]);
    const of = (module: string) =>
      matchIdentity(known, identity("1.0-1", { ecosystem: "AlmaLinux:8", name: "nodejs", module })).map(
        ({ id }) => id,
      );
    expect(of("nodejs:18")).toEqual(["CVE-2024-0001", "CVE-2024-0003"]);
    expect(of("nodejs:20")).toEqual(["CVE-2024-0003"]);
    expect(of("")).toEqual(["CVE-2024-0002"]);
  });
});

describe("what a finding says", () => {
  const vector = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H";

  test("the vendor's severity goes before the score, the package's before the advisory's", () => {
    const scored = advisory(
      { id: "CVE-2024-0001", cvss: [{ version: "3.1", vector, source: "nvd" }] },
      debian,
      "openssl",
      null,
    );
    const [bare] = matchIdentity(knowing([scored]), identity("1-1"));
    expect(bare).toMatchObject({ severity: "Critical", cvss: [{ score: 9.8 }] });
    const graded = knowing([{ ...scored, severity: "Medium" }]);
    expect(matchIdentity(graded, identity("1-1"))[0]?.severity).toBe("Medium");
    const [affected] = scored.affected;
    if (affected === undefined) throw new Error("nothing affected");
    const own = knowing([{ ...scored, severity: "Medium", affected: [{ ...affected, severity: "Low" }] }]);
    expect(matchIdentity(own, identity("1-1"))[0]?.severity).toBe("Low");
    const silent = knowing([advisory({ id: "CVE-2024-0001" }, debian, "openssl", null)]);
    expect(matchIdentity(silent, identity("1-1"))[0]?.severity).toBe("Unknown");
  });

  test("exploits and estimates are known by the CVE, and are never the reason for a finding", () => {
    const enrichment = { exploitedSince: 5, epss: { probability: 0.5, percentile: 0.9 }, cvss: [] };
    const known = knowing(
      [advisory({ id: "DSA-1-1", aliases: ["CVE-2024-0001"] }, debian, "openssl", null)],
      {
        "CVE-2024-0001": enrichment,
        "CVE-2024-0002": enrichment,
      },
    );
    expect(matchIdentity(known, identity("1-1"))).toMatchObject([
      { id: "CVE-2024-0001", exploitedSince: 5, epss: { probability: 0.5 } },
    ]);
  });

  test("of what several feeds say the fix that leaves all ranges counts, and the vendor's plans", () => {
    const known = knowing([
      advisory({ id: "CVE-2024-0001", feed: "a" }, debian, "openssl", "3.0.2-1"),
      advisory({ id: "CVE-2024-0001", feed: "b" }, debian, "openssl", "3.0.10-1"),
      advisory({ id: "CVE-2024-0002" }, debian, "openssl", null),
      advisory({ id: "CVE-2024-0002" }, debian, "openssl", null, { status: "will_not_fix" }),
    ]);
    expect(found(known, identity("3.0.1-1"))).toEqual([
      "CVE-2024-0001 affected 3.0.10-1",
      "CVE-2024-0002 will_not_fix null",
    ]);
  });
});

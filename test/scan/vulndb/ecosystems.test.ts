import { expect, test } from "bun:test";
import type { LayerFile } from "../../../src/scan/inventory/analyzer.ts";
import { osRelease } from "../../../src/scan/inventory/os/releases.ts";
import type { Distribution } from "../../../src/scan/inventory/package.ts";
import { distributionEcosystem } from "../../../src/scan/vulndb/ecosystems/distributions.ts";
import { normaliseEcosystem, schemeOf } from "../../../src/scan/vulndb/ecosystems/ecosystems.ts";
import { endOfLife } from "../../../src/scan/vulndb/ecosystems/end-of-life.ts";

/** OSV's names, and what they are here; null for what is not held. */
const names: Readonly<Record<string, string | null>> = {
  "Ubuntu:22.04:LTS": "Ubuntu:22.04",
  "Ubuntu:24.10": "Ubuntu:24.10",
  "Ubuntu:Pro:16.04:LTS": "Ubuntu:16.04",
  "Ubuntu:Pro:FIPS:16.04:LTS": null,
  "Debian:12": "Debian:12",
  "Alpine:v3.10": "Alpine:v3.10",
  Alpine: null,
  "Red Hat:enterprise_linux:9::baseos": "Red Hat:9",
  "Red Hat:enterprise_linux:10.0": "Red Hat:10",
  "Red Hat:rhel_eus:9.2::appstream": null,
  "SUSE:Linux Enterprise Module for Basesystem 15 SP5": "SUSE:Linux Enterprise Server 15 SP5",
  "SUSE:Linux Enterprise Server 15 SP3-LTSS": "SUSE:Linux Enterprise Server 15 SP3",
  "SUSE:Linux Enterprise Live Patching 15 SP5": null,
  "openSUSE:Leap 15.5": "openSUSE:Leap 15.5",
  "AlmaLinux:9": "AlmaLinux:9",
  "Rocky Linux:9": "Rocky Linux:9",
  Wolfi: "Wolfi",
  Chainguard: "Chainguard",
  PyPI: "PyPI",
  "crates.io": "crates.io",
  Bitnami: null,
  __proto__x: null,
  constructor: null,
};

/** As it is read of an os-release. */
function distribution(id: string, version: string, more: Partial<Distribution> = {}): Distribution {
  const { like = [], codename, name } = more;
  const text = [
    `ID="${id}"\nVERSION_ID="${version}"\nID_LIKE="${like.join(" ")}"`,
    ...(codename ? [`VERSION_CODENAME=${codename}`] : []),
    ...(name ? [`PRETTY_NAME="${name}"`] : []),
  ].join("\n");
  const bytes = () => Buffer.from(text);
  const file: LayerFile = {
    ...{ path: "etc/os-release", size: bytes().length, bytes, text: () => text },
    read: (offset, length) => bytes().subarray(offset, offset + length),
  };
  const finds = [...osRelease.analyze(file)];
  const found = finds.flatMap((find) => ("distribution" in find ? [find.distribution] : []));
  return found[0] as Distribution;
}

test("ecosystems have one name, and an order of versions", () => {
  for (const [theirs, ours] of Object.entries(names)) {
    expect([theirs, normaliseEcosystem(theirs)]).toEqual([theirs, ours]);
    if (ours !== null) expect(schemeOf(ours)).not.toBeNull();
  }
});

test("distributions are known by the names that their advisories have", () => {
  const known: [Distribution, string | null][] = [
    [distribution("debian", "12"), "Debian:12"],
    [distribution("debian", "", { codename: "forky" }), "Debian:14"],
    [distribution("debian", "", { codename: "sid" }), null],
    [distribution("ubuntu", "22.04"), "Ubuntu:22.04"],
    [distribution("alpine", "3.10.2"), "Alpine:v3.10"],
    [distribution("alpine", "3.23.0_alpha20250612"), "Alpine:edge"],
    [distribution("wolfi", "20230201"), "Wolfi"],
    [distribution("rhel", "9.4"), "Red Hat:9"],
    [distribution("centos", "7", { name: "CentOS Linux 7 (Core)" }), "Red Hat:7"],
    [distribution("centos", "9", { name: "CentOS Stream 9" }), null],
    [distribution("almalinux", "9.3"), "AlmaLinux:9"],
    [distribution("rocky", "8.9"), "Rocky Linux:8"],
    [distribution("amzn", "2023"), "Amazon Linux:2023"],
    [distribution("amzn", "2"), "Amazon Linux:2"],
    [distribution("amzn", "2018.03"), "Amazon Linux:1"],
    [distribution("sles", "15.5"), "SUSE:Linux Enterprise Server 15 SP5"],
    [distribution("sles", "15"), "SUSE:Linux Enterprise Server 15"],
    [distribution("opensuse-leap", "15.6"), "openSUSE:Leap 15.6"],
    [distribution("openEuler", "22.03", { name: "openEuler 22.03 (LTS-SP1)" }), "openEuler:22.03-LTS-SP1"],
    [distribution("azurelinux", "3.0"), "Azure Linux:3"],
    [distribution("void", ""), null],
    [distribution("raspbian", "12", { like: ["debian"] }), null],
    [distribution("debian", "no number"), null],
  ];
  for (const [asked, expected] of known)
    expect([asked.id, asked.version, distributionEcosystem(asked)]).toEqual([
      asked.id,
      asked.version,
      expected,
    ]);
});

test("releases end when their vendors say so, and older ones before", () => {
  const ended = (ecosystem: string, at: string) =>
    (endOfLife(ecosystem) ?? Number.POSITIVE_INFINITY) <= Date.parse(at);
  expect(ended("Debian:11", "2026-08-31")).toBe(false);
  expect(ended("Debian:11", "2026-09-01")).toBe(true);
  expect(ended("Alpine:v3.10", "2021-05-02")).toBe(true);
  expect(ended("Alpine:v2.7", "2024-01-01")).toBe(true);
  expect(ended("Ubuntu:8.04", "2024-01-01")).toBe(true);
  for (const past of [
    "SUSE:Linux Enterprise Server 12 SP4",
    "SUSE:Linux Enterprise Server 11 SP4",
    "SUSE:Linux Enterprise Server 10 SP4",
    "Ubuntu:18.10",
    "openSUSE:Leap 42.3",
    "Azure Linux:2",
    "Mageia:7",
    "openEuler:22.03-LTS-SP1",
    "openEuler:20.03-LTS",
  ])
    expect([past, ended(past, "2026-08-01")]).toEqual([past, true]);
  for (const open of [
    ...["Alpine:edge", "Alpine:v9.1", "Debian:14", "PyPI", "Wolfi", "Mageia:9", "openSUSE:Tumbleweed"],
    ...["SUSE:Linux Enterprise Server 15 SP8", "SUSE:Linux Enterprise Server 16", "openSUSE:Leap 16.1"],
  ])
    expect(endOfLife(open)).toBeNull();
});

import { expect, test } from "bun:test";
import type { Digest } from "../../../src/kernel/index.ts";
import type { Distribution, ImageInventory, ImagePackage } from "../../../src/scan/inventory/package.ts";
import { identitiesOf } from "../../../src/scan/match/identities.ts";
import { partsOf } from "../../../src/scan/match/parts.ts";

const layer = `sha256:${"0".repeat(64)}` as Digest;

const distribution = (id: string, version: string): Distribution => ({
  ...{ id, version, like: [], codename: null, name: id },
});

const one = (type: ImagePackage["type"], name: string, more: Partial<ImagePackage> = {}): ImagePackage => ({
  ...{
    type,
    name,
    version: "1.0-1",
    architecture: null,
    source: null,
    module: null,
    vendor: null,
    licenses: [],
  },
  ...{ path: "somewhere", layer, managed: false },
  ...more,
});

const inventory = (os: Distribution | null, ...packages: ImagePackage[]): ImageInventory => ({
  ...{ distribution: os, packages, failures: [] },
});

const known = (of: ImageInventory) =>
  identitiesOf(of).map(({ identity, without }) =>
    identity === null
      ? without
      : [identity.ecosystem, identity.name, identity.version, identity.module, identity.origin]
          .filter((part) => part !== "")
          .join(" "),
  );

test("Debian's and Alpine's packages are known by what they were built from", () => {
  const source = { name: "openssl", version: "3.0.1-1" };
  expect(
    known(inventory(distribution("debian", "12"), one("deb", "libssl3", { source }), one("deb", "tar"))),
  ).toEqual(["Debian:12 openssl 3.0.1-1", "Debian:12 tar 1.0-1"]);
  expect(known(inventory(distribution("alpine", "3.10.4"), one("apk", "libssl1.1", { source })))).toEqual([
    "Alpine:v3.10 openssl 3.0.1-1",
  ]);
});

test("rpms are known by their own names and streams, SUSE's and Rocky's by their sources with the epoch of what was built", () => {
  const source = { name: "nodejs", version: "1.0-1" };
  const module = "nodejs:18:8070020230306:abcdef";
  const npm = one("rpm", "npm", { version: "1:1.0-1", source, module });
  expect(known(inventory(distribution("almalinux", "8.9"), npm))).toEqual([
    "AlmaLinux:8 npm 1:1.0-1 nodejs:18",
  ]);
  expect(known(inventory(distribution("sles", "15.5"), { ...npm, module: null }))).toEqual([
    "SUSE:Linux Enterprise Server 15 SP5 nodejs 1:1.0-1",
  ]);
  expect(known(inventory(distribution("rocky", "8.9"), npm))).toEqual([
    "Rocky Linux:8 nodejs 1:1.0-1 nodejs:18",
  ]);
});

test("Red Hat's rpms are known by their sources too, with the epoch of what was built with the source's version", () => {
  const source = (name: string, version: string) => ({ name, version });
  const rpm = (name: string, version: string, from: ImagePackage["source"]) =>
    one("rpm", name, { version, source: from });
  const perl = [
    rpm("perl-libs", "4:5.26.3-420.el8", source("perl", "4:5.26.3-420.el8")),
    rpm("perl-Errno", "1.28-420.el8", source("perl", "5.26.3-420.el8")),
    rpm("tar", "2:1.30-9.el8", null),
    rpm("ruby-part", "1:3.3-1.el8", source("ruby", "1:2.5.9-110.el8")),
  ];
  expect(known(inventory(distribution("rhel", "8.9"), ...perl))).toEqual([
    "Red Hat:8 perl-libs 4:5.26.3-420.el8 perl 4:5.26.3-420.el8",
    "Red Hat:8 perl-Errno 1.28-420.el8 perl 4:5.26.3-420.el8",
    "Red Hat:8 tar 2:1.30-9.el8 tar 2:1.30-9.el8",
    "Red Hat:8 ruby-part 1:3.3-1.el8 ruby 2.5.9-110.el8",
  ]);
});

test("packages of languages are known by the names that advisories use, unless the system's vendor answers for them", () => {
  const packages = [
    one("pypi", "Flask_SQLAlchemy"),
    one("npm", "left-pad", { managed: true }),
    one("golang", "stdlib"),
  ];
  expect(known(inventory(distribution("debian", "12"), ...packages))).toEqual([
    "PyPI flask-sqlalchemy 1.0-1",
    "managed",
    "Go stdlib 1.0-1",
  ]);
});

test("packages of languages are looked up themselves where no feed has a name for the distribution", () => {
  const owned = one("npm", "left-pad", { managed: true });
  for (const os of [distribution("void", "1"), null])
    expect(known(inventory(os, owned))).toEqual(["npm left-pad 1.0-1"]);
});

test("what no advisory can speak of has no identity, and a part of the image that says so", () => {
  const foreign = one("rpm", "agent", { vendor: "Some Company" });
  const own = one("rpm", "bash", { vendor: "AlmaLinux" });
  const alma = inventory(distribution("almalinux", "9"), foreign, own, one("deb", "stray"));
  expect(known(alma)).toEqual(["foreign", "AlmaLinux:9 bash 1.0-1", "unrecognised"]);
  expect(parts(alma)).toEqual([
    "AlmaLinux:9, other vendors: foreign 1",
    "AlmaLinux:9: known 1",
    "deb: unrecognised 1",
  ]);
  const strange = inventory(distribution("void", "1"), one("apk", "musl"));
  expect(known(strange)).toEqual(["unrecognised"]);
  expect(parts(strange)).toEqual(["void:1: unrecognised 1"]);
  expect(parts(inventory(null, one("deb", "tar")))).toEqual(["deb: unrecognised 1"]);
});

test("debs of well-known vendors, marked by their versions or without a maintainer's address are made by others", () => {
  const deb = (name: string, version: string, vendor: string | null) => one("deb", name, { version, vendor });
  const private_ = deb("libjbig0", "2.1-6.1", "Michael van der Kolff <mvanderkolff@gmail.com>");
  const own = [
    private_,
    deb("tar", "1.34", "Debian QA Group <packages@qa.debian.org>,"),
    deb("x", "1", null),
  ];
  const others = [
    deb("google-chrome-stable", "90.0-1", "Chrome Linux Team <chromium-dev@chromium.org>"),
    deb("nodejs", "20.0.0-1nodesource1", null),
    deb("postgresql-16", "16.1-1.pgdg120+1", "Debian PostgreSQL Maintainers <team@tracker.debian.org>"),
    deb("consul", "1.17-1", "HashiCorp"),
    deb("google-cloud-cli", "528.0.0-0", "Google <https://code.google.com/p/google-cloud-sdk/>"),
  ];
  const debian = inventory(distribution("debian", "12"), ...own, ...others);
  expect(parts(debian)).toEqual(["Debian:12: known 3", "Debian:12, other vendors: foreign 5"]);
  const [, foreign] = partsOf(debian, identitiesOf(debian));
  expect(foreign?.named).toEqual(["google-chrome-stable", "nodejs", "postgresql-16"]);
  const colin = deb("base-passwd", "3.5.52build1", "Colin Watson <cjwatson@debian.org>");
  const ubuntu = deb("zlib1g", "1:1.2-2ubuntu9", "Ubuntu Developers <ubuntu-devel-discuss@lists.ubuntu.com>");
  expect(parts(inventory(distribution("ubuntu", "22.04"), colin, ubuntu, private_))).toEqual([
    "Ubuntu:22.04: known 2",
    "Ubuntu:22.04, other vendors: foreign 1",
  ]);
});

test("rpms are told from others' by openEuler's and SUSE's vendors too", () => {
  const rpm = (name: string, vendor: string) => one("rpm", name, { vendor });
  const desktop = inventory(
    distribution("sled", "15.5"),
    rpm("bash", "SUSE LLC <https://www.suse.com/>"),
    rpm("agent", "Some Company"),
  );
  expect(known(desktop)).toEqual(["SUSE:Linux Enterprise Server 15 SP5 bash 1.0-1", "foreign"]);
  const openEuler = inventory(
    distribution("openeuler", "22.03"),
    rpm("bash", "http://openeuler.org"),
    rpm("agent", "Some Company"),
  );
  expect(known(openEuler)).toEqual(["openEuler:22.03 bash 1.0-1", "foreign"]);
});

test("an rpm of nobody is held against what its distribution knows", () => {
  const app = one("rpm", "app", { vendor: null });
  expect(known(inventory(distribution("almalinux", "9"), app))).toEqual(["AlmaLinux:9 app 1.0-1"]);
});

test("a jar without a group has no name that advisories know, and its part of the image says so", () => {
  const jars = inventory(distribution("debian", "12"), one("maven", "org.example:a"), one("maven", "b"));
  expect(known(jars)).toEqual(["Maven org.example:a 1.0-1", "nameless"]);
  const maven = partsOf(jars, identitiesOf(jars)).find(({ ecosystem }) => ecosystem === "Maven");
  expect(maven).toMatchObject({
    packages: 2,
    failures: { count: 1, first: [expect.stringContaining("of b")] },
  });
});

const failure = { layer, managed: false };

test("a distribution without packages is told, and failures are of the part that they are about", () => {
  expect(parts(inventory(distribution("debian", "12")))).toEqual(["Debian:12: empty 0"]);
  const failing: ImageInventory = {
    ...inventory(distribution("debian", "12"), one("npm", "left-pad")),
    failures: [
      { ...failure, path: "var/lib/dpkg/status", type: "deb", reason: "It ends in the middle." },
      { ...failure, path: "package.json", type: "npm", reason: "It is no JSON." },
      { ...failure, path: null, type: null, reason: "It is no archive." },
    ],
  };
  expect(
    partsOf(failing, identitiesOf(failing)).map(({ ecosystem, kind, failures }) => [
      ecosystem,
      kind,
      failures.count,
    ]),
  ).toEqual([
    ["npm", "known", 1],
    ["Debian:12", "empty", 1],
    ["unknown", "unread", 1],
  ]);
});

test("what of a package of the distribution could not be read is the distribution's to answer for", () => {
  const jar = {
    ...failure,
    path: "usr/share/java/x.jar",
    type: "maven",
    reason: "It is no archive.",
  } as const;
  const failing = (id: string) => ({
    ...inventory(distribution(id, "12"), one("deb", "libx-java")),
    failures: [{ ...jar, managed: true }],
  });
  expect(parts(failing("debian"))).toEqual(["Debian:12: known 1"]);
  expect(parts(failing("strange"))).toContain("Maven: known 0");
});

function parts(of: ImageInventory): string[] {
  return partsOf(of, identitiesOf(of)).map(
    ({ ecosystem, kind, packages }) => `${ecosystem}: ${kind} ${packages}`,
  );
}

test("maintainers that are made to be slow are told from others at once", () => {
  const texts = [`<a@b>${"a".repeat(1000)}`, `<${"a@".repeat(500)}`, `<a@b>${"@".repeat(1000)}`];
  const packages = texts.flatMap((vendor) =>
    Array.from({ length: 20_000 }, () => one("deb", "x", { vendor })),
  );
  const started = performance.now();
  identitiesOf(inventory(distribution("debian", "12"), ...packages));
  expect(performance.now() - started).toBeLessThan(3000);
});

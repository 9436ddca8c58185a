import { expect, test } from "bun:test";
import fc from "fast-check";
import { PackageURL } from "packageurl-js";
import type { Distribution, PackageType } from "../../../src/scan/inventory/package.ts";
import { purlOf, purlOfImage } from "../../../src/scan/sbom/purl.ts";
import { packageOf } from "./packages.ts";

const debian: Distribution = {
  id: "debian",
  version: "11",
  like: [],
  codename: "bullseye",
  name: "Debian 11",
};
const rhel: Distribution = { ...debian, id: "rhel", version: "9.4", codename: null };

test.each([
  [
    { type: "deb", name: "openssl", version: "1.1.1n-0+deb11u4", architecture: "amd64" },
    debian,
    "pkg:deb/debian/openssl@1.1.1n-0+deb11u4?arch=amd64&distro=debian-11",
  ],
  [
    {
      type: "deb",
      name: "login",
      version: "1:4.8.1-1",
      architecture: "amd64",
      source: { name: "shadow", version: "1:4.8.1-1" },
    },
    debian,
    "pkg:deb/debian/login@1:4.8.1-1?arch=amd64&distro=debian-11&upstream=shadow",
  ],
  [
    { type: "deb", name: "libc6", version: "2.31", source: { name: "glibc", version: "2.30" } },
    debian,
    "pkg:deb/debian/libc6@2.31?distro=debian-11&upstream=glibc%402.30",
  ],
  [{ type: "deb", name: "tzdata", version: "2024a" }, null, "pkg:deb/tzdata@2024a"],
  [
    { type: "apk", name: "libcrypto1.1", version: "1.1.1d-r3", architecture: "x86_64" },
    { ...debian, id: "alpine", version: "3.10" },
    "pkg:apk/alpine/libcrypto1.1@1.1.1d-r3?arch=x86_64&distro=alpine-3.10",
  ],
  [
    { type: "rpm", name: "openssl-libs", version: "1:3.0.7-24.el9", architecture: "x86_64" },
    rhel,
    "pkg:rpm/redhat/openssl-libs@3.0.7-24.el9?arch=x86_64&distro=rhel-9.4&epoch=1",
  ],
  [
    { type: "rpm", name: "bash", version: "0:5.1-1" },
    { ...rhel, id: "opensuse-leap" },
    "pkg:rpm/opensuse/bash@5.1-1?distro=opensuse-leap-9.4",
  ],
  [
    { type: "rpm", name: "nodejs", version: "18.1-1", module: "nodejs:18:8070:abc" },
    { ...rhel, id: "sles" },
    "pkg:rpm/suse/nodejs@18.1-1?distro=sles-9.4&rpmmod=nodejs%3A18%3A8070%3Aabc",
  ],
  [{ type: "npm", name: "@babel/core", version: "7.0.0" }, debian, "pkg:npm/%40babel/core@7.0.0"],
  [{ type: "npm", name: "lodash", version: "4.17.21" }, debian, "pkg:npm/lodash@4.17.21"],
  [
    { type: "maven", name: "org.apache.logging.log4j:log4j-core", version: "2.14.1" },
    null,
    "pkg:maven/org.apache.logging.log4j/log4j-core@2.14.1",
  ],
  [{ type: "maven", name: "bare", version: "1" }, null, null],
  [
    { type: "golang", name: "github.com/gin-gonic/gin", version: "v1.7.0" },
    null,
    "pkg:golang/github.com/gin-gonic/gin@v1.7.0",
  ],
  [{ type: "golang", name: "stdlib", version: "1.21.3" }, null, "pkg:golang/stdlib@1.21.3"],
  [{ type: "pypi", name: "Ruamel_Yaml", version: "0.17" }, null, "pkg:pypi/ruamel-yaml@0.17"],
  [
    { type: "composer", name: "symfony/http-kernel", version: "v5.0.1" },
    null,
    "pkg:composer/symfony/http-kernel@v5.0.1",
  ],
  [{ type: "cargo", name: "tokio", version: "1.0.0+meta" }, null, "pkg:cargo/tokio@1.0.0+meta"],
  [{ type: "gem", name: "rails", version: "7.0.1" }, null, "pkg:gem/rails@7.0.1"],
  [{ type: "nuget", name: "Newtonsoft.Json", version: "13.0.1" }, null, "pkg:nuget/Newtonsoft.Json@13.0.1"],
] as const)("%j in %j", (one, distribution, purl) => {
  expect(purlOf(packageOf(one), distribution)).toBe(purl);
});

test("an image's", () => {
  expect(purlOfImage("library/debian", "sha256:00ff", null)).toBe("pkg:oci/debian@sha256:00ff");
  expect(purlOfImage("library/debian", "sha256:00ff", "registry.example:5000")).toBe(
    "pkg:oci/debian@sha256:00ff?repository_url=registry.example%3A5000%2Flibrary%2Fdebian",
  );
});

test("whatever a package is called, its URL can be read, or there is none", () => {
  const types: PackageType[] = [
    "deb",
    "apk",
    "rpm",
    "pypi",
    "npm",
    "maven",
    "golang",
    "cargo",
    "gem",
    "composer",
    "nuget",
  ];
  const text = fc.string({ unit: fc.constantFrom(..."aZ0@/:?#%&=+ ~é\u0000\ud800") });
  fc.assert(
    fc.property(fc.constantFrom(...types), text, text, text, (type, name, version, architecture) => {
      const purl = purlOf(packageOf({ type, name, version, architecture }), debian);
      if (purl === null) return;
      expect(purl).toMatch(/^pkg:[a-z]+\/[!-~]+$/);
      // The library does not read a percent sign in a qualifier, which it has written itself.
      if (!architecture.includes("%")) expect(PackageURL.fromString(purl).toString()).toBe(purl);
    }),
  );
});

import { describe, expect, test } from "bun:test";
import { Spec, Validation } from "@cyclonedx/cyclonedx-library";
import { digestOf } from "../../../src/kernel/index.ts";
import type { ImageInventory } from "../../../src/scan/inventory/package.ts";
import { type SbomFormat, sbomFormats, writeSbom } from "../../../src/scan/sbom/format.ts";
import type { SbomImage } from "../../../src/scan/sbom/image.ts";
import { layer, packageOf } from "./packages.ts";

const inventory: ImageInventory = {
  distribution: { id: "debian", version: "12", like: [], codename: "bookworm", name: "Debian 12" },
  packages: [
    packageOf({
      name: "libssl3",
      version: "3.0.11-1",
      architecture: "amd64",
      source: { name: "openssl", version: "3.0.11-1" },
    }),
    packageOf({ name: "libssl3", version: "3.0.11-1", architecture: "i386", vendor: "Debian" }),
    packageOf({
      type: "npm",
      name: "@babel/core",
      version: "7.0.0",
      licenses: ["MIT"],
      path: "app/node_modules/@babel/core/package.json",
    }),
    packageOf({
      type: "npm",
      name: "twice",
      version: "1.0.0",
      licenses: ["MIT OR Apache-2.0", "ISC"],
      path: "a/package.json",
      managed: true,
    }),
    packageOf({
      type: "npm",
      name: "twice",
      version: "1.0.0",
      licenses: ["SEE LICENSE IN LICENSE", "MIT"],
      path: "b/package.json",
    }),
    packageOf({
      type: "maven",
      name: "org.example:lib",
      version: "1",
      licenses: ["DocumentRef-x:LicenseRef-y"],
      path: "app.war!/WEB-INF/lib/a.jar",
    }),
    packageOf({ type: "rpm", name: "odd\u0000name\n", version: "1 é", vendor: "A\nB", path: "" }),
    packageOf({ type: "maven", name: "nogroup", version: "1", path: "a.jar" }),
  ],
  failures: [],
};
const image: SbomImage = {
  repository: "library/app",
  digest: digestOf(new TextEncoder().encode("an image")),
  registry: "registry.example",
  inventory,
  at: Date.UTC(2026, 0, 2, 3, 4, 5, 678),
};
const partly: SbomImage = {
  ...image,
  inventory: {
    distribution: null,
    packages: [],
    failures: [{ layer, path: "opt/app.jar", type: "maven", managed: false, reason: "It ends too early." }],
  },
};

// biome-ignore lint/suspicious/noExplicitAny: of two formats, looked into freely.
const read = (of: SbomImage, format: SbomFormat): any =>
  JSON.parse(new TextDecoder().decode(writeSbom(of, format)));

describe("CycloneDX", () => {
  test("is what its own schema says", async () => {
    const validator = new Validation.JsonStrictValidator(Spec.Version.v1dot6);
    for (const one of [image, partly]) {
      expect(await validator.validate(new TextDecoder().decode(writeSbom(one, "cyclonedx")))).toBeNull();
    }
    expect(
      await validator.validate(JSON.stringify({ ...read(image, "cyclonedx"), version: "x" })),
    ).not.toBeNull();
  });

  test("names each package once, with its URL, its licenses and its place", () => {
    const { components, dependencies, metadata } = read(image, "cyclonedx");
    const refs = components.map((one: { "bom-ref": string }) => one["bom-ref"]);
    expect(new Set(refs).size).toBe(inventory.packages.length + 1);
    expect(dependencies).toEqual([{ ref: metadata.component["bom-ref"], dependsOn: refs }]);
    const byName = (name: string) => components.filter((one: { name: string }) => one.name === name);
    expect(
      byName("libssl3")
        .map((one: { purl: string }) => one.purl)
        .sort(),
    ).toEqual([
      "pkg:deb/debian/libssl3@3.0.11-1?arch=amd64&distro=debian-12&upstream=openssl",
      "pkg:deb/debian/libssl3@3.0.11-1?arch=i386&distro=debian-12",
    ]);
    expect(byName("core")[0]).toMatchObject({ group: "@babel", licenses: [{ expression: "MIT" }] });
    expect(byName("twice").map((one: { licenses: unknown }) => one.licenses)).toEqual(
      expect.arrayContaining([
        [{ expression: "(MIT OR Apache-2.0) AND ISC" }],
        [{ license: { name: "SEE LICENSE IN LICENSE" } }, { license: { name: "MIT" } }],
      ]),
    );
    expect(byName("lib")[0].evidence.occurrences).toEqual([{ location: "app.war!/WEB-INF/lib/a.jar" }]);
    expect(byName("debian")[0]).toMatchObject({ type: "operating-system", version: "12" });
  });

  test("says what could not be read", () => {
    const { metadata, compositions } = read(partly, "cyclonedx");
    expect(metadata.properties[0].value).toContain("opt/app.jar");
    expect(compositions).toEqual([{ aggregate: "incomplete", assemblies: [metadata.component["bom-ref"]] }]);
    expect(read(image, "cyclonedx").compositions).toBeUndefined();
  });
});

describe("SPDX", () => {
  test.each([
    ["a whole image", image],
    ["one that could only partly be read", partly],
  ])("has all that is mandatory, and points only to what is there: %s", (_, one) => {
    const document = read(one, "spdx");
    expect(document).toMatchObject({
      spdxVersion: "SPDX-2.3",
      dataLicense: "CC0-1.0",
      SPDXID: "SPDXRef-DOCUMENT",
    });
    expect(document.documentNamespace).toMatch(
      /^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
    );
    expect(document.creationInfo).toEqual({
      created: "2026-01-02T03:04:05Z",
      creators: [expect.stringMatching(/^Tool: breakwater-\d/)],
    });
    const ids = document.packages.map(({ SPDXID }: { SPDXID: string }) => SPDXID);
    expect(new Set(ids).size).toBe(ids.length);
    for (const one of document.packages) {
      expect(one.SPDXID).toMatch(/^SPDXRef-[a-zA-Z0-9.-]+$/);
      expect(one.name).not.toBe("");
      expect(one.downloadLocation).toBe("NOASSERTION");
      expect(one.filesAnalyzed).toBe(false);
      for (const ref of one.externalRefs ?? []) expect(ref.referenceLocator).toMatch(/^pkg:/);
    }
    expect(document.relationships[0]).toEqual({
      spdxElementId: "SPDXRef-DOCUMENT",
      relationshipType: "DESCRIBES",
      relatedSpdxElement: ids[0],
    });
    const contained = document.relationships
      .slice(1)
      .map((one: { relatedSpdxElement: string }) => one.relatedSpdxElement);
    expect(contained).toEqual(ids.slice(1));
    const defined = (document.hasExtractedLicensingInfos ?? []).map(
      (one: { licenseId: string }) => one.licenseId,
    );
    const used = document.packages.flatMap(
      (one: { licenseDeclared: string }) => one.licenseDeclared.match(/LicenseRef-\w+/g) ?? [],
    );
    expect([...new Set(used)].sort()).toEqual([...defined].sort());
  });

  test("declares licenses as expressions, and quotes what is none", () => {
    const document = read(image, "spdx");
    const licenses = document.packages.map((one: { licenseDeclared: string }) => one.licenseDeclared);
    expect(licenses).toContain("MIT");
    expect(licenses).toContain("(MIT OR Apache-2.0) AND ISC");
    const [quoted] = document.hasExtractedLicensingInfos.filter((one: { extractedText: string }) =>
      one.extractedText.startsWith("SEE"),
    );
    expect(licenses).toContain(`${quoted.licenseId} AND MIT`);
  });

  test("says what could not be read", () => {
    expect(read(partly, "spdx").comment).toContain("opt/app.jar");
    expect(read(image, "spdx").comment).toBeUndefined();
  });
});

test.each([...sbomFormats])(
  "the same image has the same document, in whatever order it was read: %s",
  (format) => {
    const shuffled = { ...image, inventory: { ...inventory, packages: [...inventory.packages].reverse() } };
    expect(writeSbom(shuffled, format)).toEqual(writeSbom(image, format));
    expect(writeSbom({ ...image, at: image.at + 1000 }, format)).not.toEqual(writeSbom(image, format));
  },
);

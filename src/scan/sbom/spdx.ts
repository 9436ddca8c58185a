import { createHash } from "node:crypto";
import { version } from "../../kernel/index.ts";
import type { Distribution } from "../inventory/package.ts";
import { gapsOf, type IdentifiedPackage, identify, type SbomImage, uuidOf } from "./image.ts";
import { expressionOf } from "./licenses.ts";
import { purlOf, purlOfImage } from "./purl.ts";

const imageId = "SPDXRef-Image";
const systemId = "SPDXRef-OperatingSystem";
const unknown = "NOASSERTION";

/** What of a package nobody has looked at (SPDX 2.3, section 7). */
const unasserted = {
  downloadLocation: unknown,
  filesAnalyzed: false,
  licenseConcluded: unknown,
  copyrightText: unknown,
};

/** The image as a document of SPDX 2.3 (ISO/IEC 5962), ready for `JSON.stringify`. */
export function toSpdx(image: SbomImage): object {
  const { repository, digest, inventory, at } = image;
  const { distribution } = inventory;
  const packages = identify(inventory).map((one) => toPackage(one, distribution));
  const contents = [...(distribution === null ? [] : [toSystem(distribution)]), ...packages];
  const gaps = gapsOf(inventory);
  const licenses = extractedFrom(image);
  return {
    spdxVersion: "SPDX-2.3",
    dataLicense: "CC0-1.0",
    SPDXID: "SPDXRef-DOCUMENT",
    name: `${repository}@${digest}`,
    documentNamespace: `urn:uuid:${uuidOf(image, "spdx")}`,
    creationInfo: {
      // Without fractions of a second (section 6.9).
      created: new Date(at).toISOString().replace(/\.\d+Z$/, "Z"),
      creators: [`Tool: breakwater-${version}`],
    },
    ...(gaps.length === 0 ? {} : { comment: `Packages may be missing.\n${gaps.join("\n")}` }),
    packages: [toContainer(image), ...contents],
    relationships: [
      relationship("SPDXRef-DOCUMENT", "DESCRIBES", imageId),
      ...contents.map(({ SPDXID }) => relationship(imageId, "CONTAINS", SPDXID)),
    ],
    ...(licenses.length === 0 ? {} : { hasExtractedLicensingInfos: licenses }),
  };
}

function toContainer({ repository, digest, registry }: SbomImage) {
  const [algorithm = "", checksumValue = ""] = digest.split(":");
  return {
    SPDXID: imageId,
    name: repository,
    versionInfo: digest,
    ...unasserted,
    licenseDeclared: unknown,
    primaryPackagePurpose: "CONTAINER",
    checksums: [{ algorithm: algorithm.toUpperCase(), checksumValue }],
    externalRefs: [externalRef(purlOfImage(repository, digest, registry))],
  };
}

function toSystem({ id, version, name }: Distribution) {
  return {
    SPDXID: systemId,
    name: id,
    ...(version === "" ? {} : { versionInfo: version }),
    summary: name,
    ...unasserted,
    licenseDeclared: unknown,
    primaryPackagePurpose: "OPERATING-SYSTEM",
  };
}

function toPackage({ id, package: one }: IdentifiedPackage, distribution: Distribution | null) {
  const purl = purlOf(one, distribution);
  return {
    SPDXID: `SPDXRef-Package-${id}`,
    name: one.name,
    versionInfo: one.version,
    supplier: one.vendor === null ? unknown : `Organization: ${oneLine(one.vendor)}`,
    ...unasserted,
    licenseDeclared: declaredLicense(one.licenses),
    primaryPackagePurpose: "LIBRARY",
    ...(one.source === null ? {} : { sourceInfo: `built from ${one.source.name} ${one.source.version}` }),
    comment: `Found in ${one.path || "the image"}, which came with the layer ${one.layer}`,
    ...(purl === null ? {} : { externalRefs: [externalRef(purl)] }),
  };
}

/** What is no SPDX expression is named here and quoted at the document's end (section 10). */
function declaredLicense(licenses: readonly string[]): string {
  const named = licenses.filter((license) => license.trim() !== "");
  const expression = expressionOf(named);
  if (expression !== null) return expression;
  return (
    [...new Set(named)]
      .map((text) => expressionOf([text]) ?? referenceOf(text))
      .map(grouped)
      .join(" AND ") || unknown
  );
}

function grouped(license: string, _: number, all: readonly string[]): string {
  return all.length > 1 && license.includes(" ") ? `(${license})` : license;
}

function extractedFrom({ inventory }: SbomImage) {
  const texts = new Set(inventory.packages.flatMap(({ licenses }) => licenses));
  return [...texts]
    .filter((text) => text.trim() !== "" && expressionOf([text]) === null)
    .sort()
    .map((text) => ({ licenseId: referenceOf(text), extractedText: text, name: text.slice(0, 100) }));
}

function referenceOf(text: string): string {
  return `LicenseRef-${createHash("sha256").update(text).digest("hex").slice(0, 16)}`;
}

function externalRef(purl: string) {
  return { referenceCategory: "PACKAGE-MANAGER", referenceType: "purl", referenceLocator: purl };
}

function relationship(from: string, relationshipType: string, to: string) {
  return { spdxElementId: from, relationshipType, relatedSpdxElement: to };
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, " ").trim();
}

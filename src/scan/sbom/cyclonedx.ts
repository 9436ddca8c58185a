import { version } from "../../kernel/index.ts";
import type { Distribution, ImagePackage } from "../inventory/package.ts";
import { gapsOf, type IdentifiedPackage, identify, type SbomImage, uuidOf } from "./image.ts";
import { expressionOf } from "./licenses.ts";
import { groupOf, purlOf, purlOfImage } from "./purl.ts";

const imageRef = "image";
const systemRef = "operating-system";

/** The image as a document of CycloneDX 1.6 (ECMA-424), ready for `JSON.stringify`. */
export function toCycloneDx(image: SbomImage): object {
  const { repository, digest, registry, inventory, at } = image;
  const packages = identify(inventory);
  const { distribution } = inventory;
  const gaps = gapsOf(inventory);
  const refs = [...(distribution === null ? [] : [systemRef]), ...packages.map(({ id }) => id)];
  return {
    $schema: "http://cyclonedx.org/schema/bom-1.6.schema.json",
    bomFormat: "CycloneDX",
    specVersion: "1.6",
    serialNumber: `urn:uuid:${uuidOf(image, "cyclonedx")}`,
    version: 1,
    metadata: {
      timestamp: new Date(at).toISOString(),
      tools: { components: [{ type: "application", name: "breakwater", version }] },
      component: {
        type: "container",
        "bom-ref": imageRef,
        name: repository,
        version: digest,
        purl: purlOfImage(repository, digest, registry),
      },
      ...(gaps.length === 0 ? {} : { properties: gaps.map((gap) => property("unreadable", gap)) }),
    },
    components: [
      ...(distribution === null ? [] : [toSystem(distribution)]),
      ...packages.map((one) => toComponent(one, distribution)),
    ],
    dependencies: [{ ref: imageRef, dependsOn: refs }],
    // What could not be read may hold more.
    ...(gaps.length === 0 ? {} : { compositions: [{ aggregate: "incomplete", assemblies: [imageRef] }] }),
  };
}

function toSystem({ id, version, name }: Distribution) {
  return {
    type: "operating-system",
    "bom-ref": systemRef,
    name: id,
    ...(version === "" ? {} : { version }),
    description: name,
  };
}

function toComponent({ id, package: one }: IdentifiedPackage, distribution: Distribution | null) {
  const { namespace: group, name } = groupOf(one);
  const purl = purlOf(one, distribution);
  return {
    type: "library",
    "bom-ref": id,
    ...(one.vendor === null ? {} : { supplier: { name: one.vendor } }),
    ...(group === "" ? {} : { group }),
    name,
    version: one.version,
    ...licensesOf(one),
    ...(purl === null ? {} : { purl }),
    ...(one.path === "" ? {} : { evidence: { occurrences: [{ location: one.path }] } }),
    properties: [
      property("layer", one.layer),
      ...(one.source === null ? [] : [property("source", `${one.source.name} ${one.source.version}`)]),
      ...(one.managed ? [property("managed", "true")] : []),
    ],
  };
}

/** Either one expression, or what the package says in words of its own. */
function licensesOf({ licenses }: ImagePackage) {
  const expression = expressionOf(licenses);
  if (expression !== null) return { licenses: [{ expression }] };
  const names = [...new Set(licenses)].filter((name) => name.trim() !== "");
  return names.length === 0 ? {} : { licenses: names.map((name) => ({ license: { name } })) };
}

function property(name: string, value: string) {
  return { name: `breakwater:${name}`, value };
}

import { PackageURL } from "packageurl-js";
import type { Breakwater } from "../support/breakwater.ts";
import { eventually } from "../support/eventually.ts";
import { expectStatus, openRepository } from "../support/registry-client.ts";

/** What the API says of an image that was scanned after its push. */
export interface ScannedImage {
  /** Digests, the lowest first. */
  readonly layers: readonly string[];
  readonly packages: ListedPackage[];
  /** What the SBOM says that it may lack. */
  readonly gaps: readonly string[];
  /** Of each part of the image, its name and how sure the report is about it. */
  readonly coverage: readonly string[];
}

export interface ListedPackage {
  readonly type: string;
  readonly name: string;
  readonly version: string;
  readonly architecture: string;
  /** Name and version. */
  readonly source: string;
  readonly path: string;
  readonly layer: string;
  /** Whether the operating system's package manager answers for it. */
  readonly managed: boolean;
}

/** Waits for the scan of an image of the project `library`. */
export async function scannedImage(
  server: Breakwater,
  repository: string,
  tag: string,
): Promise<ScannedImage> {
  const path = `/projects/library/repositories/${repository}/artifacts/${tag}`;
  const read = async (path: string) =>
    (await expectStatus(200, await server.api(path))).json() as Promise<unknown>;
  const overview = async () => {
    const { scan_overview = {} } = (await read(`${path}?with_scan_overview=true`)) as Artifact;
    return Object.values(scan_overview)[0];
  };
  const scanned = await eventually(overview, (scan) => /Success|Error/.test(scan?.scan_status ?? ""));
  const { components, metadata } = (await read(`${path}/additions/sbom?format=cyclonedx`)) as Sbom;
  const { bytes } = await (await openRepository(server, `library/${repository}`)).pullManifest(tag);
  const { layers } = JSON.parse(new TextDecoder().decode(bytes)) as Manifest;
  return {
    layers: layers.map(({ digest }) => digest),
    packages: components.filter(({ type }) => type === "library").map(toPackage),
    gaps: (metadata.properties ?? []).map(({ value }) => value),
    coverage: (scanned?.coverage ?? []).map(({ ecosystem, state }) => `${ecosystem} ${state}`),
  };
}

export function typesOf({ packages }: ScannedImage): readonly string[] {
  return [...new Set(packages.map(({ type }) => type))].sort();
}

/** Packages of one type as `package-managers.ts` has those of operating systems. */
export function systemLines(image: ScannedImage, type: string): readonly string[] {
  return image.packages
    .filter((one) => one.type === type)
    .map(({ name, version, architecture, source }) => `${name} ${version} ${architecture} ${source}`)
    .sort();
}

/** Packages of one type as `package-managers.ts` has those of languages. */
export function languageLines(image: ScannedImage, type: string): readonly string[] {
  return image.packages
    .filter((one) => one.type === type)
    .map(({ name, version }) => `${name} ${version}`)
    .sort();
}

interface Artifact {
  readonly scan_overview?: Readonly<Record<string, ScanSummary>>;
}

interface ScanSummary {
  readonly scan_status: string;
  readonly coverage: readonly { readonly ecosystem: string; readonly state: string }[];
}

interface Manifest {
  readonly layers: readonly { readonly digest: string }[];
}

interface Sbom {
  readonly metadata: { readonly properties?: readonly Property[] };
  readonly components: readonly Component[];
}

interface Component {
  readonly type: string;
  readonly group?: string;
  readonly name: string;
  readonly version: string;
  readonly purl: string;
  readonly evidence: { readonly occurrences: readonly { readonly location: string }[] };
  readonly properties: readonly Property[];
}

interface Property {
  readonly name: string;
  readonly value: string;
}

function toPackage({ group, name, version, purl, evidence, properties }: Component): ListedPackage {
  const { type = "", qualifiers } = PackageURL.fromString(purl);
  const said = new Map(properties.map((property) => [property.name, property.value]));
  const prefix = group === undefined ? "" : `${group}${type === "maven" ? ":" : "/"}`;
  return {
    ...{ type, name: prefix + name, version },
    architecture: qualifiers?.arch ?? "",
    source: said.get("breakwater:source") ?? `${name} ${version}`,
    path: evidence.occurrences[0]?.location ?? "",
    layer: said.get("breakwater:layer") ?? "",
    managed: said.get("breakwater:managed") === "true",
  };
}

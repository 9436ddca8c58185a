import { type Find, foundPackage } from "../../analyzer.ts";
import { groupOf } from "./groups.ts";

/** What an archive says of itself and of what was merged into it. */
export interface Claims {
  /** Without its ending. */
  readonly fileName: string;
  readonly manifest: ReadonlyMap<string, readonly string[]>;
  /** Each `pom.properties`. */
  readonly properties: readonly ReadonlyMap<string, string>[];
  /** The folders in which a `pom.xml` lies. */
  readonly models: readonly { readonly group: string; readonly artifact: string }[];
  readonly path: string;
}

interface Coordinates {
  /** Null where nothing tells of it. */
  readonly group: string | null;
  readonly artifact: string;
  readonly version: string;
}

/**
 * The packages of one archive. Maven writes `pom.properties` into what it builds, and whoever merges archives keeps
 * them: each is a package. Where none of them is the archive's own, its name and its manifest must say what it is;
 * then it may be that its group is not known, and its name is the artifact's alone.
 */
export function* packagesOf(claims: Claims): Generator<Find> {
  const { fileName, path } = claims;
  const built = claims.properties.flatMap(coordinatesIn);
  const isOwn = ({ artifact }: Coordinates) => fileName === artifact || fileName.startsWith(`${artifact}-`);
  const own = built.length === 1 || built.some(isOwn) ? null : ownCoordinates(claims);
  const seen = new Set<string>();
  for (const { group, artifact, version } of own === null ? built : [...built, own]) {
    const name = group === null ? artifact : `${group}:${artifact}`;
    if (seen.has(`${name}:${version}`)) continue;
    seen.add(`${name}:${version}`);
    yield foundPackage("maven", name, version, { path });
  }
}

function coordinatesIn(properties: ReadonlyMap<string, string>): readonly Coordinates[] {
  const [group, artifact, version] = ["groupId", "artifactId", "version"].map(
    (key) => properties.get(key) ?? "",
  );
  // A build that did not fill a placeholder in.
  if (!group || !artifact || !version || `${group}${artifact}${version}`.includes("${")) return [];
  return [{ group, artifact, version }];
}

function ownCoordinates({ fileName, manifest, models }: Claims): Coordinates | null {
  const said = (name: string) => manifest.get(name.toLowerCase())?.[0]?.split(";")[0]?.trim() || undefined;
  // As repositories name files: the first hyphen before a digit ends the artifact's name.
  const [, named, numbered] = /^(.+?)-(\d.*)$/.exec(fileName) ?? [];
  const version =
    numbered ?? said("Implementation-Version") ?? said("Bundle-Version") ?? said("Specification-Version");
  if (version === undefined) return null;
  const artifact = named ?? fileName;
  const model = models.find((model) => model.artifact === artifact);
  const group =
    model?.group ?? groupOf(artifact, said("Implementation-Vendor-Id"), said("Bundle-SymbolicName"));
  return { group, artifact, version };
}

/** A Java properties file, as far as Maven writes it. */
export function readProperties(text: string): ReadonlyMap<string, string> {
  const properties = new Map<string, string>();
  for (const line of text.split(/\r\n|\n|\r/)) {
    const [, key, value] = /^[ \t]*([^#!=: \t][^=: \t]*)[ \t]*[=:](.*)$/.exec(line) ?? [];
    if (key !== undefined && value !== undefined) properties.set(key, value.replaceAll("\\", "").trim());
  }
  return properties;
}

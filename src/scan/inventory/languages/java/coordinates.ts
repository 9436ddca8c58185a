import { type Find, foundPackage } from "../../analyzer.ts";
import { type Claims, type Coordinates, isOwn, ownCoordinates } from "./own.ts";

/**
 * The packages of one archive. Maven writes `pom.properties` into what it builds, and whoever merges archives keeps
 * them: each is a package. Where none of them is the archive's own, its name and its manifest must say what it is;
 * then it may be that its group is not known, and its name is the artifact's alone. A guess and a version that nobody
 * tells are failures: advisories that speak of the archive may not be found.
 */
export function* packagesOf(claims: Claims): Generator<Find> {
  const built = claims.properties.flatMap(coordinatesIn);
  yield* packagesAt(claims.path, built);
  if (built.some((each) => isOwn(each, claims))) return;
  const own = ownCoordinates(claims);
  if (own !== null) yield* packagesAt(claims.path, [own]);
  const unsure = own === null ? claims.hasClasses && noVersion : own.isGuess && guessOf(own);
  if (unsure) yield failureAt(claims.path, unsure);
}

const noVersion =
  "It does not say its version, so that it cannot be looked up. Name it artifact-version.jar, or build its pom.properties into it.";

function guessOf({ group, artifact }: Coordinates): string {
  return `It does not say its group: ${group}:${artifact} is a guess, and what is known of it by another name is not found. Build its pom.properties into it.`;
}

function* packagesAt(path: string, coordinates: readonly Coordinates[]): Generator<Find> {
  const seen = new Set<string>();
  for (const { group, artifact, version } of coordinates) {
    const name = group === null ? artifact : `${group}:${artifact}`;
    if (seen.has(`${name}:${version}`)) continue;
    seen.add(`${name}:${version}`);
    yield foundPackage("maven", name, version, { path });
  }
}

/** Of an archive in another one with its way in, as failures are told by the path of the outermost. */
function failureAt(path: string, sentence: string): Find {
  const inner = path.indexOf("!/");
  return { failure: inner === -1 ? sentence : `${path.slice(inner + 2)}: ${sentence}` };
}

function coordinatesIn(properties: ReadonlyMap<string, string>): readonly Coordinates[] {
  const [group, artifact, version] = ["groupId", "artifactId", "version"].map(
    (key) => properties.get(key) ?? "",
  );
  // A build that did not fill a placeholder in.
  if (!group || !artifact || !version || `${group}${artifact}${version}`.includes("${")) return [];
  return [{ group, artifact, version }];
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

import { groupOf } from "./groups.ts";

/** What an archive says of itself and of what was merged into it. */
export interface Claims {
  /** Without its ending. */
  readonly fileName: string;
  readonly manifest: ReadonlyMap<string, readonly string[]>;
  /** Each `pom.properties`. */
  readonly properties: readonly ReadonlyMap<string, string>[];
  /** Those in which Maven's files lie. */
  readonly folders: readonly { readonly group: string; readonly artifact: string }[];
  readonly hasClasses: boolean;
  readonly path: string;
}

export interface Coordinates {
  /** Null where nothing tells of it. */
  readonly group: string | null;
  readonly artifact: string;
  readonly version: string;
}

/**
 * Whether a `pom.properties` is the archive's own, and not that of something merged into it: by the archive's name; or
 * because Maven has built it, which writes one into all that it builds, unless the name's version is another.
 */
export function isOwn({ artifact, version }: Coordinates, { fileName, manifest }: Claims): boolean {
  const name = fileName.toLowerCase();
  const start = `${artifact.toLowerCase()}-`;
  // A snapshot's file has the time of its build in place of the word.
  const released = version.toLowerCase().replace(/-snapshot$/, "");
  const rest = name.slice(start.length);
  if (`${name}-` === start) return true;
  if (name.startsWith(start) && (rest.startsWith(released) || released.startsWith(rest))) return true;
  const isMavens = /maven|plexus/i.test(
    `${said(manifest, "Created-By")} ${said(manifest, "Archiver-Version")}`,
  );
  return isMavens && (!/-\d/.test(name) || name.includes(`-${released}`));
}

/** What an archive is by its name and its manifest; null where nothing tells of its version. */
export function ownCoordinates({
  fileName,
  manifest,
  folders,
}: Claims): (Coordinates & { readonly isGuess: boolean }) | null {
  // As repositories name files: the first hyphen before a digit ends the artifact's name.
  const [, named, numbered] = /^(.+?)-(\d.*)$/.exec(fileName) ?? [];
  const written = said(manifest, "Implementation-Version") ?? said(manifest, "Bundle-Version");
  const version = versionOf(numbered, written) ?? said(manifest, "Specification-Version");
  if (version === undefined) return null;
  const artifact = named ?? fileName;
  const folder = folders.find((folder) => folder.artifact === artifact);
  if (folder !== undefined) return { group: folder.group, artifact, version, isGuess: false };
  const vendorId = said(manifest, "Implementation-Vendor-Id");
  return { ...groupOf(artifact, vendorId, said(manifest, "Bundle-SymbolicName")), artifact, version };
}

/** The name's, but for one that leaves the dots out: 1.60 in the name of `bcprov-jdk15on-160.jar`. */
function versionOf(named: string | undefined, written: string | undefined): string | undefined {
  if (named === undefined || written === undefined) return named ?? written;
  const isWhole = named.includes(".") || !/^\d+\./.test(written);
  return isWhole || Number.parseInt(named, 10) === Number.parseInt(written, 10) ? named : written;
}

function said(manifest: Claims["manifest"], name: string): string | undefined {
  return manifest.get(name.toLowerCase())?.[0]?.split(";")[0]?.trim() || undefined;
}

import { ArchiveError } from "../../../archive/archive-error.ts";
import type { ZipEntry } from "../../../archive/zip-directory.ts";
import { type Analyzer, type Find, UnreadableFile } from "../../analyzer.ts";
import { readFields } from "../fields.ts";
import { Budget, JavaArchive } from "./archive.ts";
import { packagesOf, readProperties } from "./coordinates.ts";

const archiveName = /\.(?:jar|war|ear|par|sar|hpi|jpi|nar)$/i;
const manifestName = "META-INF/MANIFEST.MF";
const mavenName = /^META-INF\/maven\/([^/]+)\/([^/]+)\/pom\.(properties|xml)$/;
/** A jar in a war in an ear, and two more. */
const maxDepth = 5;

/** Java archives, and those within them. */
export const java: Analyzer = {
  type: "maven",
  wants: (_, name) => archiveName.test(name),
  accepts: (_, size) => size > 0,
  *analyze(file) {
    const budget = new Budget();
    try {
      yield* findsIn(JavaArchive.inLayer(file, budget), file.path, 1);
    } catch (error) {
      throw error instanceof ArchiveError ? new UnreadableFile(error.message, { cause: error }) : error;
    }
  },
};

function* findsIn(archive: JavaArchive, path: string, depth: number): Generator<Find> {
  let manifest: ReadonlyMap<string, readonly string[]> = new Map();
  const properties: ReadonlyMap<string, string>[] = [];
  const folders: { group: string; artifact: string }[] = [];
  let hasClasses = false;
  const nested: ZipEntry[] = [];
  for (const entry of archive.entries()) {
    const [, group, artifact, form] = mavenName.exec(entry.name) ?? [];
    if (entry.name.endsWith(".class")) hasClasses = true;
    else if (entry.name === manifestName) manifest = readFields(archive.text(entry), "");
    else if (group !== undefined && artifact !== undefined) {
      folders.push({ group, artifact });
      if (form === "properties") properties.push(readProperties(archive.text(entry)));
    } else if (archiveName.test(entry.name) && !isEmpty(entry)) nested.push(entry);
  }
  const fileName = path.slice(path.lastIndexOf("/") + 1).replace(archiveName, "");
  yield* packagesOf({ fileName, manifest, properties, folders, hasClasses, path });
  for (const entry of nested) {
    try {
      if (depth === maxDepth) throw new ArchiveError("It is nested too deeply.");
      yield* findsIn(archive.nested(entry), `${path}!/${entry.name}`, depth + 1);
    } catch (error) {
      if (!(error instanceof ArchiveError)) throw error;
      yield { failure: `${entry.name}: ${error.message}` };
    }
  }
}

/** Not by what is claimed alone: Java unpacks what there is. Deflated, nothing takes two bytes. */
function isEmpty({ size, compressedSize }: ZipEntry): boolean {
  return size === 0 && compressedSize <= 2;
}

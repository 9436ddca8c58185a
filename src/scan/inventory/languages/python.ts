import { type Analyzer, foundPackage, UnreadableFile } from "../analyzer.ts";
import { utf8 } from "../bytes.ts";
import { readFields } from "./fields.ts";

/** The description that follows the fields may be long. */
const maxFields = 1024 * 1024;

/**
 * Python distributions as they were installed: wheels (`*.dist-info/METADATA`), and the older `*.egg-info`, which
 * is a folder or a file.
 */
export const python: Analyzer = {
  type: "pypi",
  wants: (path, name) =>
    (name === "METADATA" && /\.dist-info\/METADATA$/i.test(path)) ||
    (name === "PKG-INFO" && /(?:\.egg-info|(?:^|\/)EGG-INFO)\/PKG-INFO$/i.test(path)) ||
    /\.egg-info$/i.test(name),
  *analyze(file) {
    const fields = readFields(utf8(file.read(0, maxFields)));
    const [name, version] = [fields.get("name")?.[0], fields.get("version")?.[0]];
    if (!name || !version)
      throw new UnreadableFile("It tells of a Python package without a name or version.");
    yield foundPackage("pypi", normalName(name), version, { licenses: licensesOf(fields) });
  },
};

/** PEP 503: names that differ in nothing else are of one package. */
function normalName(name: string): string {
  return name.toLowerCase().replace(/[-_.]+/g, "-");
}

/** `License-Expression` (PEP 639); else `License`, unless it is the license's whole text; else the classifiers. */
function licensesOf(fields: ReadonlyMap<string, readonly string[]>): readonly string[] {
  const said = (name: string) => (fields.get(name) ?? []).filter((text) => text !== "" && text !== "UNKNOWN");
  const [license] = [...said("license-expression"), ...said("license")];
  if (license !== undefined && !license.includes("\n")) return [license];
  return said("classifier")
    .filter((classifier) => classifier.startsWith("License :: "))
    .map((classifier) => classifier.slice(classifier.lastIndexOf(" :: ") + 4));
}

import { type Analyzer, foundPackage, type Owner, UnreadableFile } from "../analyzer.ts";
import { linesOf } from "./stanzas.ts";

const paths = new Set(["lib/apk/db/installed", "usr/lib/apk/db/installed"]);

/**
 * apk's database: lines of a letter and a value, a blank line behind each package (Alpine's wiki, "Apk spec").
 * `F:` names a folder, the `R:` after it the files in it.
 */
export const apkInstalled: Analyzer = {
  type: "apk",
  database: true,
  wants: (path) => paths.has(path),
  *analyze(file) {
    let fields = new Map<string, string>();
    let folder = "";
    let owner: Owner | undefined;
    let entries = 0;
    // The blank line that ends the last entry may be missing.
    for (const line of linesOf(`${file.text()}\n\n`)) {
      const value = line.slice(2);
      if (line.trim() === "") {
        if (fields.size > 0) yield packageOf(fields);
        entries += Math.min(1, fields.size);
        fields = new Map();
        folder = "";
        owner = undefined;
      } else if (line.startsWith("F:")) folder = value;
      else if (line.startsWith("R:")) {
        owner ??= ownerOf(fields);
        yield { owns: `${folder}/${value}`, owner };
      }
      // Of upper case and lower case the meaning differs.
      else if (line[1] === ":") fields.set(line.slice(0, 1), value.trim());
    }
    if (entries === 0 && file.text().trim() !== "") throw new UnreadableFile("It is no database of apk.");
  },
};

/** The files of a package come behind what is said of it. */
function ownerOf(fields: ReadonlyMap<string, string>): Owner {
  return {
    ...{ name: fields.get("P") ?? "", version: fields.get("V") ?? "" },
    ...{ architecture: fields.get("A") || null, vendor: fields.get("m") || null },
  };
}

function packageOf(fields: ReadonlyMap<string, string>) {
  const name = fields.get("P");
  const version = fields.get("V");
  if (!name || !version)
    return {
      failure: `An entry says no ${name ? "version" : "name"} of its package${name ? ` ${name}` : ""}.`,
    };
  const origin = fields.get("o");
  const license = fields.get("L");
  return foundPackage("apk", name, version, {
    architecture: fields.get("A") || null,
    source: origin && origin !== name ? { name: origin, version } : null,
    licenses: license ? [license] : [],
  });
}

import { type Analyzer, type Find, foundPackage, type LayerFile, UnreadableFile } from "../analyzer.ts";
import { linesOf, readStanzas } from "./stanzas.ts";

const statusFile = "var/lib/dpkg/status";
/** Where images without dpkg itself have an entry of each package in a file of its own, and its files in another. */
const statusFolder = "var/lib/dpkg/status.d/";
const sumsSuffix = ".md5sums";

/** States in which nothing of a package is there, or only its configuration (dpkg(1), "Package states"). */
const absent = new Set(["not-installed", "config-files"]);

/** dpkg's database of packages. */
export const dpkgStatus: Analyzer = {
  type: "deb",
  database: true,
  wants: (path) => path === statusFile,
  analyze: readStatus,
};

export const dpkgStatusFolder: Analyzer = {
  type: "deb",
  wants: (path) => path.startsWith(statusFolder) && !path.endsWith(sumsSuffix),
  analyze: readStatus,
};

/** Which files dpkg's packages have. */
export const dpkgFiles: Analyzer = {
  type: null,
  wants: (path, name) => name.endsWith(".list") && path === `var/lib/dpkg/info/${name}`,
  *analyze(file) {
    for (const line of linesOf(file.text())) yield { owns: line };
  },
};

export const dpkgSums: Analyzer = {
  type: null,
  wants: (path) => path.startsWith(statusFolder) && path.endsWith(sumsSuffix),
  *analyze(file) {
    // A hash, blanks, and the path.
    for (const line of linesOf(file.text())) yield { owns: line.replace(/^\S+\s+/, "") };
  },
};

function* readStatus(file: LayerFile): Generator<Find> {
  const text = file.text();
  let entries = 0;
  for (const stanza of readStanzas(text)) {
    entries++;
    const name = stanza.get("package");
    const version = stanza.get("version");
    const state = stanza.get("status")?.split(/\s+/).at(-1);
    if (state !== undefined && absent.has(state)) continue;
    if (!name || !version) {
      yield {
        failure: `An entry says no ${name ? "version" : "name"} of its package${name ? ` ${name}` : ""}.`,
      };
      continue;
    }
    yield foundPackage("deb", name, version, {
      architecture: stanza.get("architecture") || null,
      source: sourceOf(stanza, name, version),
      vendor: stanza.get("vendor") || stanza.get("maintainer") || null,
    });
  }
  if (entries === 0 && text.trim() !== "") throw new UnreadableFile("It is no database of dpkg.");
}

/** `name (version)`; without a version it is the package's own (deb-src-control of dpkg's manual, "Source"). */
function sourceOf(stanza: ReadonlyMap<string, string>, name: string, version: string): Source | null {
  const [, sourceName = name, sourceVersion = version] =
    /^(\S+)(?:\s+\(\s*([^)\s]+)\s*\))?/.exec(stanza.get("source") ?? "") ?? [];
  const source = signedOf(sourceName, version, stanza.get("built-using") ?? "") ?? {
    name: sourceName,
    version: sourceVersion,
  };
  return source.name === name && source.version === version ? null : source;
}

interface Source {
  readonly name: string;
  readonly version: string;
}

/**
 * What was signed for Secure Boot comes from a source of its own, `linux-signed-amd64 (6.1.55+1)`, of which no advisory
 * speaks: its code is of the source that `Built-Using` names, `linux (= 6.1.55-1)`. Packages that only lead to a kernel
 * may not say so; they have its version. Null for what was not signed.
 */
function signedOf(source: string, version: string, builtUsing: string): Source | null {
  if (!/-signed(?:-|$)/.test(source)) return null;
  const [, name, exact] = /^(\S+)\s+\(=\s*([^)\s]+)\s*\)/.exec(builtUsing) ?? [];
  if (name !== undefined && exact !== undefined) return { name, version: exact };
  const kernel = /^linux-signed(-.+?)??(?:-(?:amd64|arm64|i386))?$/.exec(source);
  return kernel === null ? null : { name: `linux${kernel[1] ?? ""}`, version };
}

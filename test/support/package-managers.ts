import { mustRun } from "./command.ts";

/*
 * What package managers themselves say is installed: lines in order. Those of operating systems are
 * `name version architecture source-name source-version`, those of languages `name version`.
 */

const dpkgFields = [
  "db:Status-Status",
  "Package",
  "Version",
  "Architecture",
  "source:Package",
  "source:Version",
];

export const dpkgQuery = [
  ...["dpkg-query", "--show"],
  `--showformat=${dpkgFields.map((field) => `\${${field}}`).join(" ")}\\n`,
];

/** Of `dpkgQuery`'s answer those that are there: of some it keeps the configuration alone. */
export function installedByDpkg(answer: string): readonly string[] {
  return linesOf(answer).flatMap((line) => (line.startsWith("installed ") ? [line.slice(10)] : []));
}

/** For an awk that reads apk's database. */
export const apkLines =
  '/./ { field[$1] = substr($0, 3) } /^$/ { print field["P"], field["V"], field["A"], field["o"], field["V"] }';

/** The source package's version lacks the epoch, which is that of the package itself. */
export async function installedByRpm(root: string, database: string): Promise<readonly string[]> {
  const format = "%{NAME} %|EPOCH?{%{EPOCH}:}|%{VERSION}-%{RELEASE} %{ARCH} %{SOURCERPM}\n";
  const command = ["rpm", "--root", root, "--dbpath", database, "-qa", "--queryformat", format];
  return linesOf(await mustRun(command))
    .filter((line) => !line.startsWith("gpg-pubkey "))
    .map((line) => line.replace(/ ((?:\d+:)?)(.*) (.+)-([^-]+-[^-]+)\.src\.rpm$/, " $1$2 $3 $1$4"));
}

/** In a folder with a `package.json` and `node_modules`, itself among them. */
export async function installedByNpm(folder: string): Promise<readonly string[]> {
  const command = ["npm", "ls", "--all", "--long", "--parseable", "--omit=dev"];
  // path:name@version
  return linesOf(await mustRun(command, { cwd: folder }))
    .map((line) => line.replace(/^.*?:(.+)@([^@]+)$/, "$1 $2"))
    .toSorted();
}

/** Names as the index writes them (PEP 503). */
export async function installedByPip(folder: string): Promise<readonly string[]> {
  const list = JSON.parse(await mustRun(["pip3", "list", "--path", folder, "--format=json"])) as {
    readonly name: string;
    readonly version: string;
  }[];
  return list
    .map(({ name, version }) => `${name.toLowerCase().replace(/[-_.]+/g, "-")} ${version}`)
    .toSorted();
}

/** Go's library and the modules in a program. */
export async function modulesByGo(program: string): Promise<readonly string[]> {
  const [release = "", ...lines] = linesOf(await mustRun(["go", "version", "-m", program]), false);
  const modules = lines.flatMap((line) => {
    const [, kind, name, version] = line.split("\t");
    return kind === "mod" || kind === "dep" ? [`${name} ${version}`] : [];
  });
  return [`stdlib ${release.split(": go")[1]}`, ...modules].toSorted();
}

/** By the properties that Maven left in an archive. */
export async function artifactByMaven(jar: string): Promise<string> {
  const text = await mustRun(["unzip", "-p", jar, "META-INF/maven/*/pom.properties"]);
  const { groupId, artifactId, version } = Object.fromEntries(
    linesOf(text).map((line) => line.split("=")),
  ) as Record<string, string>;
  return `${groupId}:${artifactId} ${version}`;
}

export function linesOf(text: string, sorted = true): readonly string[] {
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  return sorted ? lines.toSorted() : lines;
}

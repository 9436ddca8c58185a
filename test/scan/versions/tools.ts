import { existsSync, readdirSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import semver from "semver";
import type { VersionScheme } from "../../../src/scan/versions/index.ts";
import { missingCommands, mustRun } from "../../support/command.ts";

export type Pair = readonly [a: string, b: string];

/** A program whose word on a scheme's order is the last. */
export interface Tool {
  readonly scheme: VersionScheme;
  readonly name: string;
  /** Why it cannot be asked here. */
  readonly missing: string | undefined;
  /** For each pair `<`, `=`, `>`, or `?` where it refuses one of them. */
  judge(pairs: readonly Pair[]): Promise<readonly string[]>;
}

/** A program that reads pairs as lines and prints a line for each. */
function script(scheme: VersionScheme, command: readonly string[], lacking?: string): Tool {
  const [name = ""] = command;
  return {
    scheme,
    name,
    missing: missingCommands(name) ?? lacking,
    async judge(pairs) {
      const stdin = pairs.map(([a, b]) => `${a} ${b}\n`).join("");
      return (await mustRun(command, { stdin })).trim().split("\n");
    },
  };
}

const shell = `while read -r a b; do
  if dpkg --compare-versions "$a" lt "$b"; then echo "<"
  elif dpkg --compare-versions "$a" gt "$b"; then echo ">"
  elif dpkg --compare-versions "$a" eq "$b"; then echo "="
  else echo "?"; fi
done`;

const lua = `%{lua:
  for line in io.lines("/dev/stdin") do
    local a, b = string.match(line, "(.-) (.*)")
    local order = rpm.vercmp(a, b)
    print(order < 0 and "<\\n" or order > 0 and ">\\n" or "=\\n")
  end
}`;

const python = `
import sys
from packaging.version import InvalidVersion, Version
for line in sys.stdin:
    try:
        a, b = map(Version, line.split())
        print("<" if a < b else ">" if a > b else "=")
    except InvalidVersion:
        print("?")
`;

const ruby = `
STDIN.each_line do |line|
  begin
    a, b = line.split.map { |text| Gem::Version.new(text) }
    puts %w[< = >][(a <=> b) + 1]
  rescue ArgumentError
    puts "?"
  end
end
`;

const composerFolder = "/usr/share/php/Composer/Semver";
const php = `
require "${composerFolder}/autoload.php";
$parser = new Composer\\Semver\\VersionParser();
while ($line = fgets(STDIN)) {
  try {
    [$a, $b] = array_map([$parser, "normalize"], explode(" ", trim($line)));
    echo ["<", "=", ">"][version_compare($a, $b) + 1], "\\n";
  } catch (UnexpectedValueException $error) {
    echo "?\\n";
  }
}
`;

/** Details of the order changed with Maven 3.9 and change again with Maven 4. */
function findMaven(): string | undefined {
  const folder = join(homedir(), ".m2/repository/org/apache/maven/maven-artifact");
  if (!existsSync(folder)) return undefined;
  const version = readdirSync(folder).find((name) => /^3\.9\.\d+$/.test(name));
  return version && join(folder, version, `maven-artifact-${version}.jar`);
}

const mavenJar = findMaven();
const mavenOrder = "org.apache.maven.artifact.versioning.ComparableVersion";

export const tools: readonly Tool[] = [
  { ...script("deb", ["sh", "-c", shell]), name: "dpkg", missing: missingCommands("dpkg") },
  script("rpm", ["rpm", "--eval", lua]),
  script("pep440", ["python3", "-c", python]),
  script("gem", ["ruby", "-e", ruby]),
  script(
    "composer",
    ["php", "-r", php],
    existsSync(composerFolder) ? undefined : "Composer is not installed",
  ),
  {
    scheme: "semver",
    name: "semver",
    missing: undefined,
    async judge(pairs) {
      return pairs.map(([a, b]) => toSign(semver.compare(a, b)));
    },
  },
  {
    scheme: "maven",
    name: "ComparableVersion",
    missing: missingCommands("java") ?? (mavenJar ? undefined : "Maven 3.9 is not in ~/.m2"),
    async judge(pairs) {
      // It compares each with the one before; every second comparison is of a pair.
      const output = await mustRun(["java", "-cp", mavenJar ?? "", mavenOrder, ...pairs.flat()]);
      const verdicts = output.split("\n").filter((line) => line.startsWith("   "));
      return verdicts.filter((_, i) => i % 2 === 0).map((line) => line.split(" ").at(-2)?.slice(0, 1) ?? "?");
    },
  },
];

export function toSign(order: number | null): string {
  if (order === null) return "?";
  if (order === 0) return "=";
  return order < 0 ? "<" : ">";
}

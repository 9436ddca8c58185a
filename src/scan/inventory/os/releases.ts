import { type Analyzer, UnreadableFile } from "../analyzer.ts";
import type { Distribution } from "../package.ts";
import { linesOf } from "./stanzas.ts";

/** Small files all of them; what is larger is something else. */
const maxBytes = 64 * 1024;

/** An analyzer of a file that says which distribution this is. */
function release(paths: readonly string[], read: (text: string) => Partial<Distribution> | null): Analyzer {
  return {
    type: null,
    wants: (path) => paths.includes(path),
    *analyze(file) {
      if (file.size > maxBytes)
        throw new UnreadableFile(`It is ${file.size} bytes large, and so not what its name says.`);
      const distribution = read(file.text());
      if (distribution !== null) yield { distribution };
    },
  };
}

/** os-release(5). */
export const osRelease = release(["etc/os-release", "usr/lib/os-release"], (text) => {
  const values = new Map<string, string>();
  for (const line of linesOf(text)) {
    const [, key, value] = /^\s*([A-Z][A-Z0-9_]*)=(.*)$/.exec(line) ?? [];
    if (key !== undefined && value !== undefined) values.set(key, unquoted(value.trim()));
  }
  if (!values.has("ID") && !values.has("NAME")) return null;
  const id = (values.get("ID") || "linux").toLowerCase();
  return {
    id,
    version: values.get("VERSION_ID") ?? "",
    like: (values.get("ID_LIKE") ?? "").split(/\s+/).filter((each) => each !== ""),
    codename: values.get("VERSION_CODENAME") || null,
    name: values.get("PRETTY_NAME") || values.get("NAME") || id,
  };
});

/** Shell's quoting, as far as os-release(5) lets it be used. */
function unquoted(value: string): string {
  const quote = value[0];
  if (value.length < 2 || (quote !== '"' && quote !== "'") || !value.endsWith(quote)) return value;
  const inner = value.slice(1, -1);
  return quote === "'" ? inner : inner.replace(/\\([\\"$`])/g, "$1");
}

export const alpineRelease = release(["etc/alpine-release"], (text) => {
  const version = text.trim();
  return { id: "alpine", version, name: `Alpine Linux ${version}` };
});

/**
 * A number, or `trixie/sid`, which is no release's: Debian's unstable says so, testing, and Ubuntu of what it was made
 * from.
 */
export const debianVersion = release(["etc/debian_version"], (text) => {
  const said = text.trim();
  return { id: "debian", version: /^\d+/.exec(said)?.[0] ?? "", name: `Debian ${said}` };
});

const redHatFiles = ["etc/redhat-release", "etc/system-release", "etc/centos-release"];

const redHatNames: readonly (readonly [name: RegExp, id: string])[] = [
  [/^Red Hat Enterprise Linux/i, "rhel"],
  [/^CentOS/i, "centos"],
  [/^Fedora/i, "fedora"],
  [/^Rocky/i, "rocky"],
  [/^AlmaLinux/i, "almalinux"],
  [/^(?:Oracle|Enterprise) Linux/i, "ol"],
  [/^Amazon Linux/i, "amzn"],
];

/** `CentOS release 6.10 (Final)`. In CentOS the last of these files holds it, and the others are links. */
export const redHatRelease = release(redHatFiles, (text) => {
  const name = text.trim();
  const id = redHatNames.find(([pattern]) => pattern.test(name))?.[1];
  const version = /\brelease ([\d.]+)/.exec(name)?.[1] ?? "";
  return id === undefined ? null : { id, version, name };
});

/**
 * The release of Alpine that the system is of: that of `main`. Other repositories, often those of `edge`, are named beside
 * it for some packages, and a line with a tag for those that are asked for by it.
 */
export const apkRepositories = release(["etc/apk/repositories"], (text) => {
  const releases = [...linesOf(text)]
    .map((line) => /^\s*[^#@\s]\S*?\/(?:v(\d+\.\d+)|(edge))\/main\/?\s*$/.exec(line))
    .flatMap((match) => match?.[1] ?? match?.[2] ?? []);
  const newest = releases.sort(compareReleases).at(-1);
  return newest === undefined ? null : { version: newest };
});

/** `edge` is newer than any. */
function compareReleases(a: string, b: string): number {
  if (a === "edge" || b === "edge") return Number(a === "edge") - Number(b === "edge");
  const [major = 0, minor = 0] = a.split(".").map(Number);
  const [otherMajor = 0, otherMinor = 0] = b.split(".").map(Number);
  return major - otherMajor || minor - otherMinor;
}

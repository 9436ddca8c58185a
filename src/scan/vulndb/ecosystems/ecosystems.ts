import type { PackageType } from "../../inventory/package.ts";
import type { VersionScheme } from "../../versions/scheme.ts";

/** The languages as OSV names them. */
const languages = {
  PyPI: { type: "pypi", scheme: "pep440" },
  npm: { type: "npm", scheme: "semver" },
  Maven: { type: "maven", scheme: "maven" },
  Go: { type: "golang", scheme: "go" },
  "crates.io": { type: "cargo", scheme: "semver" },
  RubyGems: { type: "gem", scheme: "gem" },
  Packagist: { type: "composer", scheme: "composer" },
  NuGet: { type: "nuget", scheme: "nuget" },
} as const satisfies Readonly<Record<string, { type: PackageType; scheme: VersionScheme }>>;

/** The distributions by what an ecosystem's name begins with, up to the colon. */
const distributions: Readonly<Record<string, VersionScheme>> = {
  Debian: "deb",
  Ubuntu: "deb",
  Alpine: "apk",
  Wolfi: "apk",
  Chainguard: "apk",
  MinimOS: "apk",
  "Red Hat": "rpm",
  AlmaLinux: "rpm",
  "Rocky Linux": "rpm",
  "Amazon Linux": "rpm",
  SUSE: "rpm",
  openSUSE: "rpm",
  "Azure Linux": "rpm",
  Mageia: "rpm",
  openEuler: "rpm",
};

/** Distributions without releases: there is only their newest state. */
const rolling: ReadonlySet<string> = new Set(["Wolfi", "Chainguard", "MinimOS"]);

/** An ecosystem's name without its release: `Debian` of `Debian:12`. */
export function familyOf(ecosystem: string): string {
  return ecosystem.split(":", 1)[0] ?? ecosystem;
}

/** By whose rules versions of an ecosystem are compared; null for one that is not known. */
export function schemeOf(ecosystem: string): VersionScheme | null {
  if (Object.hasOwn(languages, ecosystem)) return languages[ecosystem as keyof typeof languages].scheme;
  const family = familyOf(ecosystem);
  return Object.hasOwn(distributions, family) ? (distributions[family] ?? null) : null;
}

/** The ecosystem that packages of a type belong to; null for a distribution's, which depend on its release. */
export function languageEcosystem(type: PackageType): string | null {
  return Object.entries(languages).find(([, language]) => language.type === type)?.[0] ?? null;
}

/** The name that advisories use for a package: PyPI, NuGet and Packagist take many spellings for one. */
export function advisoryName(ecosystem: string, name: string): string {
  switch (ecosystem) {
    case "PyPI":
      return name.toLowerCase().replace(/[-_.]+/g, "-");
    case "NuGet":
    case "Packagist":
      return name.toLowerCase();
    default:
      return name;
  }
}

/** What a source is called among advisories that otherwise name what was built of it: `openssl.src`, as Red Hat does. */
export function sourceName(name: string): string {
  return `${name}.src`;
}

/**
 * The name that `Identity` has for an ecosystem of OSV's, or null for one that is not held: of a language without
 * packages in images, or of builds that share their names with the ordinary ones but not their versions (Ubuntu's
 * FIPS and Realtime, Red Hat's extended streams).
 */
export function normaliseEcosystem(text: string): string | null {
  if (Object.hasOwn(languages, text)) return text;
  const [family = "", ...parts] = text.split(":");
  if (rolling.has(family)) return family;
  const release = releaseOf(family, parts);
  return release === null ? null : `${family}:${release}`;
}

function releaseOf(family: string, parts: readonly string[]): string | null {
  const [first = "", second = ""] = parts;
  switch (family) {
    case "Debian":
    case "AlmaLinux":
    case "Rocky Linux":
    case "Mageia":
      return /^\d+/.exec(first)?.[0] ?? null;
    case "Amazon Linux":
    case "Azure Linux":
      return /^\d+/.exec(first)?.[0] ?? null;
    case "Alpine":
      return /^(?:v\d+\.\d+|edge)$/.test(first) ? first : null;
    // Ubuntu Pro mends the same packages of the same releases for longer: who has it not is affected all the same.
    case "Ubuntu":
      return /^\d+\.\d+$/.exec(first === "Pro" ? second : first)?.[0] ?? null;
    case "Red Hat":
      return first === "enterprise_linux" ? (/^\d+/.exec(second)?.[0] ?? null) : null;
    case "SUSE":
      return suseRelease(first);
    case "openSUSE":
      return /^(?:Leap \d+\.\d+|Tumbleweed)$/.test(first) ? first : null;
    case "openEuler":
      return /^\d+\.\d+/.test(first) ? first : null;
    default:
      return null;
  }
}

/** An image of SUSE's has packages of several modules, which have the server's releases. */
function suseRelease(product: string): string | null {
  const found =
    /^Linux Enterprise (?:Server|Desktop|Software Development Kit|Module for .+) (\d+(?: SP\d+)?)(?:-LTSS.*)?$/.exec(
      product,
    );
  return found === null ? null : `Linux Enterprise Server ${found[1]}`;
}

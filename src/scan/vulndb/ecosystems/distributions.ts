import type { Distribution } from "../../inventory/package.ts";

/** Debian's releases by their codenames. Testing has no number in its os-release, and its tracker none at all. */
const debianReleases: Readonly<Record<string, string>> = {
  wheezy: "7",
  jessie: "8",
  stretch: "9",
  buster: "10",
  bullseye: "11",
  bookworm: "12",
  trixie: "13",
  forky: "14",
  duke: "15",
};

/** `Debian:12` for `bookworm`; null for a name that is no release's, `sid` among them. */
export function debianEcosystem(codename: string): string | null {
  return Object.hasOwn(debianReleases, codename) ? `Debian:${debianReleases[codename]}` : null;
}

/** The ecosystem whose advisories speak of a distribution's packages; null where none is known that does. */
export function distributionEcosystem(distribution: Distribution): string | null {
  const { id, version, codename } = distribution;
  const [major = ""] = version.split(".");
  switch (id) {
    case "debian":
      return /^\d+$/.test(major) ? `Debian:${major}` : debianEcosystem(codename ?? "");
    case "ubuntu":
      return numbered("Ubuntu:", /^\d+\.\d+/, version);
    case "alpine":
      return version.startsWith("edge") || version.includes("_alpha")
        ? "Alpine:edge"
        : numbered("Alpine:v", /^\d+\.\d+/, version);
    case "wolfi":
      return "Wolfi";
    case "chainguard":
      return "Chainguard";
    case "minimos":
      return "MinimOS";
    // CentOS Linux is built from Red Hat's sources, with Red Hat's versions. CentOS Stream runs ahead of them.
    case "rhel":
    case "centos":
      return distribution.name.includes("Stream") ? null : numbered("Red Hat:", /^\d+/, version);
    case "almalinux":
      return numbered("AlmaLinux:", /^\d+/, version);
    case "rocky":
      return numbered("Rocky Linux:", /^\d+/, version);
    case "amzn":
      return major === "2018" || /^201\d$/.test(major)
        ? "Amazon Linux:1"
        : numbered("Amazon Linux:", /^\d+/, version);
    case "sles":
    case "sled":
      return suse(version);
    case "opensuse-leap":
      return numbered("openSUSE:Leap ", /^\d+\.\d+/, version);
    case "opensuse-tumbleweed":
      return "openSUSE:Tumbleweed";
    case "azurelinux":
    case "mariner":
      return numbered("Azure Linux:", /^\d+/, version);
    case "mageia":
      return numbered("Mageia:", /^\d+/, version);
    case "openeuler":
      return openEuler(version, distribution.name);
    default:
      return null;
  }
}

function numbered(prefix: string, release: RegExp, version: string): string | null {
  const found = release.exec(version);
  return found === null ? null : `${prefix}${found[0]}`;
}

/** `15.5` is 15 with service pack 5. */
function suse(version: string): string | null {
  const found = /^(\d+)(?:\.(\d+))?$/.exec(version);
  if (found === null) return null;
  const pack = found[2] === undefined || found[2] === "0" ? "" : ` SP${found[2]}`;
  return `SUSE:Linux Enterprise Server ${found[1]}${pack}`;
}

/** Its `VERSION_ID` lacks what tells releases apart, `PRETTY_NAME` has it: `openEuler 22.03 (LTS-SP1)`. */
function openEuler(version: string, name: string): string | null {
  const suffix = /\((LTS(?:-SP\d+)?)\)/.exec(name)?.[1];
  const release = numbered("openEuler:", /^\d+\.\d+/, version);
  return release === null || suffix === undefined ? release : `${release}-${suffix}`;
}

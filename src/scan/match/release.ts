import type { Distribution, PackageType } from "../inventory/package.ts";
import { distributionEcosystem } from "../vulndb/ecosystems/distributions.ts";
import { familyOf, schemeOf } from "../vulndb/ecosystems/ecosystems.ts";

/** The release of a distribution, as far as advisories speak of it. */
export interface Release {
  readonly ecosystem: string;
  /** Of its packages. */
  readonly type: PackageType;
  /** What its advisories name: source packages, what was built of them, or now the one and now the other. */
  readonly named: "source" | "binary" | "either";
}

/** Rpm distributions that name sources; the others but Red Hat name each package. All Debian's and Alpine's kin do. */
const sourceFamilies: ReadonlySet<string> = new Set([
  "SUSE",
  "openSUSE",
  "openEuler",
  "Mageia",
  "Azure Linux",
  // Its records are made from the source rpms of each erratum alone.
  "Rocky Linux",
]);

/** Null where no feed has a name for the distribution. */
export function releaseOf(distribution: Distribution | null): Release | null {
  const ecosystem = distribution === null ? null : distributionEcosystem(distribution);
  const scheme = ecosystem === null ? null : schemeOf(ecosystem);
  if (ecosystem === null || (scheme !== "deb" && scheme !== "apk" && scheme !== "rpm")) return null;
  return { ecosystem, type: scheme, named: scheme === "rpm" ? namedBy(familyOf(ecosystem)) : "source" };
}

/** Red Hat's VEX documents name the source of what has no fix, and since 2026 of what has one. */
function namedBy(family: string): Release["named"] {
  if (family === "Red Hat") return "either";
  return sourceFamilies.has(family) ? "source" : "binary";
}

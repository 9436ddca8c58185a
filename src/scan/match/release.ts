import type { Distribution, PackageType } from "../inventory/package.ts";
import { distributionEcosystem } from "../vulndb/ecosystems/distributions.ts";
import { familyOf, schemeOf } from "../vulndb/ecosystems/ecosystems.ts";

/** The release of a distribution, as far as advisories speak of it. */
export interface Release {
  readonly ecosystem: string;
  /** Of its packages. */
  readonly type: PackageType;
  /** Whether its advisories name source packages, and not what was built of them. */
  readonly bySource: boolean;
}

/** Rpm distributions that name sources; the others name each package. All Debian's and Alpine's kin do. */
const sourceFamilies: ReadonlySet<string> = new Set([
  "SUSE",
  "openSUSE",
  "openEuler",
  "Mageia",
  "Azure Linux",
]);

/** Null where no feed has a name for the distribution. */
export function releaseOf(distribution: Distribution | null): Release | null {
  const ecosystem = distribution === null ? null : distributionEcosystem(distribution);
  const scheme = ecosystem === null ? null : schemeOf(ecosystem);
  if (ecosystem === null || (scheme !== "deb" && scheme !== "apk" && scheme !== "rpm")) return null;
  const bySource = scheme !== "rpm" || sourceFamilies.has(familyOf(ecosystem));
  return { ecosystem, type: scheme, bySource };
}

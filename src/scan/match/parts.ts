import type { ImageInventory, ImagePackage, PackageType } from "../inventory/package.ts";
import { languageEcosystem } from "../vulndb/index.ts";
import type { Identified } from "./identities.ts";
import { releaseOf } from "./release.ts";

/** One release of a distribution, or one language, in an image: what coverage is about. */
export interface ImagePart {
  /** As in `Identity`, or the distribution's own words. */
  readonly ecosystem: string;
  /**
   * `known`: advisories may speak of it. `unrecognised`: no feed has a name for it. `foreign`: packages that somebody
   * else than the distribution has made. `unread`: nobody knows what is in there. `empty`: the image says that it is
   * of that distribution, and no package of it was found.
   */
  readonly kind: "known" | "unrecognised" | "foreign" | "unread" | "empty";
  readonly packages: number;
  /** The names of the first few of `foreign` packages; what older versions have stored has none. */
  readonly named?: readonly string[];
  /** What could not be read of it, as sentences: the first few, and how many there are. */
  readonly failures: { readonly count: number; readonly first: readonly string[] };
}

const shownFailures = 3;
const shownNames = 3;

interface Counted {
  kind: ImagePart["kind"];
  packages: number;
  readonly names: Set<string>;
  readonly failures: string[];
}

/** The parts of an image, those of languages that belong to the operating system left out. */
export function partsOf(inventory: ImageInventory, identified: readonly Identified[]): readonly ImagePart[] {
  const { distribution, failures } = inventory;
  const parts = new Map<string, Counted>();
  const part = (ecosystem: string, kind: ImagePart["kind"]) => {
    const known = parts.get(ecosystem) ?? { kind, packages: 0, names: new Set<string>(), failures: [] };
    parts.set(ecosystem, known);
    return known;
  };
  const release = releaseOf(distribution);
  const system = (type: PackageType): readonly [string, ImagePart["kind"]] => {
    if (release?.type === type) return [release.ecosystem, "known"];
    // Packages of another distribution's kind are nothing that this one's advisories speak of.
    return [distribution === null || release !== null ? type : ownWords(distribution), "unrecognised"];
  };

  const nameless = ({ type, name, path, layer }: ImagePackage) => {
    const of = part(languageEcosystem(type) ?? type, "known");
    of.packages++;
    of.failures.push(
      `${path} (${layer}): It does not say the group of ${name}, so that it cannot be looked up.`,
    );
  };

  const foreign = ({ type, name }: ImagePackage) => {
    const of = part(`${system(type)[0]}, other vendors`, "foreign");
    of.packages++;
    of.names.add(name);
  };

  let systemPackages = 0;
  for (const { package: one, identity, without } of identified) {
    if (languageEcosystem(one.type) === null) systemPackages++;
    if (without === "managed") continue;
    if (identity !== null) part(identity.ecosystem, "known").packages++;
    else if (without === "nameless") nameless(one);
    else if (without === "foreign") foreign(one);
    else part(...system(one.type)).packages++;
  }
  for (const { type, path, layer, managed, reason } of failures) {
    // As of packages: of a distribution that no feed has a name for nobody would tell.
    if (managed && release !== null) continue;
    const what = `${path ?? "The layer"} (${layer}): ${reason}`;
    const language = type === null ? null : languageEcosystem(type);
    if (type === null) part("unknown", "unread").failures.push(what);
    else if (language !== null) part(language, "known").failures.push(what);
    else part(...system(type)).failures.push(what);
  }
  if (distribution !== null && systemPackages === 0)
    part(release?.ecosystem ?? ownWords(distribution), "empty").kind = "empty";
  return [...parts].map(([ecosystem, { kind, packages, names, failures }]) => ({
    ...{ ecosystem, kind, packages },
    ...(names.size === 0 ? {} : { named: [...names].slice(0, shownNames) }),
    failures: { count: failures.length, first: failures.slice(0, shownFailures) },
  }));
}

function ownWords({ id, version }: NonNullable<ImageInventory["distribution"]>): string {
  return version === "" ? id : `${id}:${version}`;
}

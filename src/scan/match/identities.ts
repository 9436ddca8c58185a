import type { ImageInventory, ImagePackage } from "../inventory/package.ts";
import { isForeign } from "../inventory/rpm/vendors.ts";
import { advisoryName, languageEcosystem } from "../vulndb/index.ts";
import type { Identity } from "./finding.ts";
import { releaseOf } from "./release.ts";

/** A package of an image, and what advisories know it by, or why none can. */
export interface Identified {
  readonly package: ImagePackage;
  readonly identity: Identity | null;
  /** Null where there is an identity. */
  readonly without: Reason | null;
}

/**
 * `managed`: it belongs to a package of the operating system, whose vendor answers for it. `foreign`: made by somebody
 * else than the distribution. `unrecognised`: of a distribution that no feed has a name for. `nameless`: it does not
 * say all of the name that advisories know it by.
 */
export type Reason = "managed" | "foreign" | "unrecognised" | "nameless";

/** What advisories know each package of an image by. */
export function identitiesOf({ distribution, packages }: ImageInventory): readonly Identified[] {
  const release = releaseOf(distribution);
  return packages.map((one) => {
    const without = (reason: Reason): Identified => ({ package: one, identity: null, without: reason });
    const language = languageEcosystem(one.type);
    if (language !== null) {
      if (one.managed) return without("managed");
      // A jar that says its artifact and not its group.
      if (one.type === "maven" && !one.name.includes(":")) return without("nameless");
      return { package: one, identity: ofLanguage(one, language), without: null };
    }
    if (release === null || distribution === null || release.type !== one.type)
      return without("unrecognised");
    if (one.type === "rpm" && isForeign(one.vendor, distribution)) return without("foreign");
    const identity = release.bySource ? ofSource(one, release.ecosystem) : ofBinary(one, release.ecosystem);
    return { package: one, identity, without: null };
  });
}

/** Two packages are the same to advisories when this is. */
export function keyOf({ ecosystem, name, version, module }: Identity): string {
  return `${ecosystem}\n${name}\n${version}\n${module}`;
}

function ofLanguage({ name, version }: ImagePackage, ecosystem: string): Identity {
  return { ecosystem, name: advisoryName(ecosystem, name), version, module: "" };
}

function ofBinary({ name, version, module }: ImagePackage, ecosystem: string): Identity {
  return { ecosystem, name, version, module: streamOf(module) };
}

function ofSource({ type, name, version, source, module }: ImagePackage, ecosystem: string): Identity {
  if (source === null) return { ecosystem, name, version, module: streamOf(module) };
  const built = type === "rpm" ? withEpochOf(version, source.version) : source.version;
  return { ecosystem, name: source.name, version: built, module: streamOf(module) };
}

/** `nodejs:18` of `nodejs:18:8070020230306:abcdef`. */
function streamOf(module: string | null): string {
  return module === null ? "" : module.split(":", 2).join(":");
}

/** The name of a source rpm leaves the epoch out; what was built of it has it. */
function withEpochOf(binary: string, source: string): string {
  const epoch = /^\d+:/.exec(binary)?.[0] ?? "";
  return source.includes(":") ? source : `${epoch}${source}`;
}

import { makerOf } from "../inventory/maker.ts";
import type { ImageInventory, ImagePackage } from "../inventory/package.ts";
import { advisoryName, languageEcosystem } from "../vulndb/index.ts";
import type { Identity } from "./finding.ts";
import { type Release, releaseOf } from "./release.ts";

/** A package of an image, and what advisories know it by, or why none can. */
export interface Identified {
  readonly package: ImagePackage;
  readonly identity: Identity | null;
  /** Null where there is an identity. */
  readonly without: Reason | null;
}

/**
 * `managed`: it belongs to a package of the distribution, which answers for it. `foreign`: made by somebody
 * else than the distribution. `unrecognised`: of a distribution that no feed has a name for. `nameless`: it does not
 * say all of the name that advisories know it by.
 */
export type Reason = "managed" | "foreign" | "unrecognised" | "nameless";

/** What advisories know each package of an image by. */
export function identitiesOf({ distribution, packages }: ImageInventory): readonly Identified[] {
  const release = releaseOf(distribution);
  const epochs = sourceEpochs(packages);
  return packages.map((one) => {
    const without = (reason: Reason): Identified => ({ package: one, identity: null, without: reason });
    const language = languageEcosystem(one.type);
    if (language !== null) {
      // Of a distribution that no feed has a name for nobody would tell.
      if (one.managed && release !== null) return without("managed");
      // A jar that says its artifact and not its group.
      if (one.type === "maven" && !one.name.includes(":")) return without("nameless");
      return { package: one, identity: ofLanguage(one, language), without: null };
    }
    if (release === null || distribution === null || release.type !== one.type)
      return without("unrecognised");
    if (makerOf(one, distribution) === "other") return without("foreign");
    return { package: one, identity: ofSystem(one, release, epochs), without: null };
  });
}

/** Two packages are the same to advisories when this is. */
export function keyOf({ ecosystem, name, version, module, origin }: Identity): string {
  return [ecosystem, name, version, module, origin].join("\n");
}

function ofLanguage({ name, version }: ImagePackage, ecosystem: string): Identity {
  return { ecosystem, name: advisoryName(ecosystem, name), version, module: "", origin: "" };
}

function ofSystem(one: ImagePackage, { ecosystem, named }: Release, epochs: Epochs): Identity {
  const { name, version } = one;
  const source = one.type === "rpm" ? sourceRpmOf(one, epochs) : (one.source ?? one);
  const module = streamOf(one.module);
  if (named === "source")
    return { ecosystem, name: source.name, version: source.version, module, origin: "" };
  const origin = named === "either" ? `${source.name} ${source.version}` : "";
  return { ecosystem, name, version, module, origin };
}

/** `nodejs:18` of `nodejs:18:8070020230306:abcdef`. */
function streamOf(module: string | null): string {
  return module === null ? "" : module.split(":", 2).join(":");
}

/** The epochs of source rpms, by name and version. */
type Epochs = ReadonlyMap<string, number>;

/**
 * The name of a source rpm leaves the epoch out, and what was built of it may have versions and epochs of its own: of
 * what has the source's version the epoch is the source's too.
 */
function sourceEpochs(packages: readonly ImagePackage[]): Epochs {
  const epochs = new Map<string, number>();
  for (const { type, name, version, source } of packages) {
    if (type !== "rpm") continue;
    const from = source ?? { name, version };
    const release = withoutEpoch(from.version);
    if (release !== withoutEpoch(version)) continue;
    const key = `${from.name} ${release}`;
    epochs.set(
      key,
      Math.min(Number.parseInt(/^\d+:/.exec(version)?.[0] ?? "0", 10), epochs.get(key) ?? Infinity),
    );
  }
  return epochs;
}

/** Without an epoch where nobody tells it: better a finding too many than one too few. */
function sourceRpmOf(
  { name, version, source }: ImagePackage,
  epochs: Epochs,
): Pick<Identity, "name" | "version"> {
  if (source === null) return { name, version };
  const release = withoutEpoch(source.version);
  const epoch = epochs.get(`${source.name} ${release}`) ?? 0;
  return { name: source.name, version: epoch === 0 ? release : `${epoch}:${release}` };
}

function withoutEpoch(version: string): string {
  return version.replace(/^\d+:/, "");
}

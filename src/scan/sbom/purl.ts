import { PackageURL } from "packageurl-js";
import type { Distribution, Package } from "../inventory/package.ts";

type Qualifiers = Record<string, string>;

interface Parts {
  readonly namespace: string;
  readonly name: string;
  readonly version: string;
  readonly qualifiers: Qualifiers;
}

/**
 * The package's URL by the rules of its type (purl-spec, "types"), with what it was built from as `upstream`, which
 * is how scanners that read SBOMs find a distribution's advisories. Null for a name that no URL can be made of.
 */
export function purlOf(one: Package, distribution: Distribution | null): string | null {
  const { namespace, name, version, qualifiers } = partsOf(one, distribution);
  try {
    return new PackageURL(one.type, namespace || null, name, version || null, qualifiers, null).toString();
  } catch {
    // Names come from files that anybody may have written.
    return null;
  }
}

/** The URL of an image. `registry` is the host by which people know this server; null where they know none. */
export function purlOfImage(repository: string, digest: string, registry: string | null): string {
  const name = repository.slice(repository.lastIndexOf("/") + 1);
  const qualifiers = registry === null ? {} : { repository_url: `${registry}/${repository}` };
  return new PackageURL("oci", null, name, digest, qualifiers, null).toString();
}

/** A package's name as its ecosystem divides it: Maven's group, npm's scope, Composer's vendor; empty where there is none. */
export function groupOf({ type, name }: Package): { readonly namespace: string; readonly name: string } {
  if (type === "maven") return split(name, name.indexOf(":"));
  return split(name, type === "npm" || type === "composer" ? name.lastIndexOf("/") : -1);
}

function partsOf(one: Package, distribution: Distribution | null): Parts {
  const { name, version } = one;
  switch (one.type) {
    case "deb":
    case "apk":
      return { ...ofSystem(one, distribution), version };
    case "rpm": {
      // Of a deb the epoch is a part of the version, of an rpm a qualifier.
      const [, epoch = "", rest = version] = /^(\d+):(.*)$/.exec(version) ?? [];
      const parts = ofSystem(one, distribution);
      const qualifiers = { ...parts.qualifiers, epoch: Number(epoch) > 0 ? epoch : "" };
      return { ...parts, version: rest, qualifiers };
    }
    case "golang":
      return { ...split(name, name.lastIndexOf("/")), version, qualifiers: {} };
    default:
      return { ...groupOf(one), version, qualifiers: {} };
  }
}

function ofSystem(one: Package, distribution: Distribution | null): Omit<Parts, "version"> {
  const { name, architecture, source, module } = one;
  const upstream =
    source === null || source.name === name
      ? ""
      : `${source.name}${source.version === one.version ? "" : `@${source.version}`}`;
  const release = [distribution?.id, distribution?.version].filter(Boolean).join("-");
  // The library leaves out what is empty.
  const qualifiers = { arch: architecture ?? "", distro: release, upstream, rpmmod: module ?? "" };
  return { namespace: distribution === null ? "" : vendorOf(distribution.id), name, qualifiers };
}

/** Some vendors go by another name than their distributions'. */
function vendorOf(id: string): string {
  if (id === "rhel") return "redhat";
  return /^(?:opensuse|suse)(?=[-_.])/.exec(id)?.[0] ?? (/^sle[sd]/.test(id) ? "suse" : id);
}

function split(name: string, at: number): { readonly namespace: string; readonly name: string } {
  return { namespace: name.slice(0, Math.max(at, 0)), name: name.slice(at + 1) };
}

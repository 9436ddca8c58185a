import { PackageURL } from "packageurl-js";
import { Lru } from "../../kernel/index.ts";

export interface Purl {
  readonly type: string;
  readonly namespace: string;
  readonly name: string;
  /** Empty for all versions. */
  readonly version: string;
  readonly qualifiers: Readonly<Record<string, string>>;
  /** A part of the package; empty for the whole of it. */
  readonly subpath: string;
}

const maxLength = 1024;

/** The same few are compared with one another all the time, and to read one takes tens of microseconds. */
const known = new Lru<string, { readonly purl: Purl | null }>(20_000);

/** Null for what is no purl. */
export function parsePurl(text: string): Purl | null {
  if (text.length > maxLength || !text.startsWith("pkg:")) return null;
  const before = known.get(text);
  if (before !== undefined) return before.purl;
  const purl = read(text);
  known.set(text, { purl });
  return purl;
}

/**
 * Whether what `wide` names is, or includes, the package `narrow`: what `wide` leaves out may be anything, and each thing
 * that it names narrows it. `unknown` is the answer where nobody knows of `narrow` whether it has such a thing.
 */
export function covers(wide: Purl, narrow: Purl, unknown = false): boolean {
  const fits = (wanted: string, own: string | undefined) => wanted === own || (unknown && !own);
  return (
    wide.type === narrow.type &&
    wide.namespace === narrow.namespace &&
    wide.name === narrow.name &&
    (wide.version === "" || fits(wide.version, narrow.version)) &&
    (wide.subpath === "" || fits(wide.subpath, narrow.subpath)) &&
    Object.entries(wide.qualifiers).every(([name, value]) => fits(value, narrow.qualifiers[name]))
  );
}

function read(text: string): Purl | null {
  try {
    const { type, namespace, name, version, qualifiers, subpath } = PackageURL.fromString(text);
    if (!type || !name) return null;
    return {
      type,
      namespace: namespace ?? "",
      name,
      version: version ?? "",
      qualifiers: { ...qualifiers },
      subpath: subpath ?? "",
    };
  } catch {
    // Whatever the library has against it: what cannot be read names nothing.
    return null;
  }
}

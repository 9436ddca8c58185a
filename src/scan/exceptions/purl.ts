import { PackageURL } from "packageurl-js";
import { Lru } from "../../kernel/index.ts";

export interface Purl {
  readonly type: string;
  readonly namespace: string;
  readonly name: string;
  /** Empty for all versions. */
  readonly version: string;
  readonly qualifiers: Readonly<Record<string, string>>;
}

const maxLength = 1024;
/** Qualifiers that say where something is to be had rather than what it is. */
const places = new Set(["repository_url", "download_url", "vcs_url", "file_name", "checksum", "tag"]);

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

/** Whether what `wide` names is, or includes, the package `narrow`: what `wide` leaves out may be anything. */
export function covers(wide: Purl, narrow: Purl): boolean {
  return (
    wide.type === narrow.type &&
    wide.namespace === narrow.namespace &&
    wide.name === narrow.name &&
    (wide.version === "" || wide.version === narrow.version) &&
    Object.entries(wide.qualifiers).every(
      ([name, value]) => places.has(name) || narrow.qualifiers[name] === value,
    )
  );
}

function read(text: string): Purl | null {
  try {
    const { type, namespace, name, version, qualifiers } = PackageURL.fromString(text);
    if (!type || !name) return null;
    return {
      type,
      namespace: namespace ?? "",
      name,
      version: version ?? "",
      qualifiers: { ...qualifiers },
    };
  } catch {
    // Whatever the library has against it: what cannot be read names nothing.
    return null;
  }
}

import type { ImageFinding, Place } from "../../match/finding.ts";
import { type ImageNames, namesOf } from "../image.ts";
import { covers, type Purl, parsePurl } from "../purl.ts";

export type VexStatus = "not_affected" | "affected" | "fixed" | "under_investigation";

/** What a document says of one vulnerability in some products. */
export interface VexStatement {
  /** All its names, in capitals. */
  readonly vulnerabilities: readonly string[];
  readonly status: VexStatus;
  /** When it was said, milliseconds since 1970. */
  readonly at: number;
  readonly products: readonly VexProduct[];
}

/** A product by all its identifiers: an image, or a package wherever it is. */
export interface VexProduct {
  readonly purls: readonly string[];
  /** `sha256:<hex>`. */
  readonly digests: readonly string[];
  /** Purls of the parts that are meant; null for the whole of it. */
  readonly parts: readonly string[] | null;
}

/** A VEX document of either format. */
export interface VexDocument {
  readonly format: "openvex" | "csaf";
  readonly author: string;
  /** What its author calls it. */
  readonly name: string;
  readonly version: string;
  /** Milliseconds since 1970. */
  readonly issuedAt: number;
  readonly statements: readonly VexStatement[];
}

/** Whether `one` is to be believed rather than `other`, both of one author under one name. */
export function isNewer(
  one: Pick<VexDocument, "issuedAt" | "version">,
  other: Pick<VexDocument, "issuedAt" | "version">,
): boolean {
  if (one.issuedAt !== other.issuedAt) return one.issuedAt > other.issuedAt;
  return one.version.localeCompare(other.version, "en", { numeric: true }) > 0;
}

/** Whether it is about that finding at that place in the image. `hosts` are what images' names begin with here. */
export function speaksOf(
  statement: VexStatement,
  hosts: readonly string[],
  image: ImageNames,
  finding: ImageFinding,
  place: Place,
): boolean {
  const names = namesOf(finding);
  if (!statement.vulnerabilities.some((name) => names.includes(name))) return false;
  const own = parsePurl(place.purl ?? "");
  return statement.products.some((product) => {
    if (isImage(product, hosts, image)) return product.parts === null || coversOne(product.parts, own);
    // Parts of a package: that the image has them from there, and from nowhere else, nobody can tell.
    return product.parts === null && coversOne(product.purls.filter(isPackage), own);
  });
}

function isImage(product: VexProduct, hosts: readonly string[], image: ImageNames): boolean {
  if (product.digests.some((digest) => image.digests.has(digest))) return true;
  return product.purls.some((text) => {
    const purl = parsePurl(text);
    if (purl === null || isPackage(text)) return false;
    if (purl.version !== "") return image.digests.has(purl.version);
    const place = purl.qualifiers.repository_url;
    return place !== undefined && hosts.some((host) => place === `${host}/${image.repository}`);
  });
}

function isPackage(text: string): boolean {
  const type = parsePurl(text)?.type;
  return type !== undefined && type !== "oci" && type !== "docker";
}

function coversOne(texts: readonly string[], own: Purl | null): boolean {
  if (own === null) return false;
  return texts.some((text) => {
    const purl = parsePurl(text);
    return purl !== null && covers(purl, own);
  });
}

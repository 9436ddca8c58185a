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

/** Whether it says that the vulnerability does not matter. */
export function denies({ status }: Pick<VexStatement, "status">): boolean {
  return status === "not_affected" || status === "fixed";
}

/** Whether `one` is to be believed rather than `other`, both of one author under one name. */
export function isNewer(
  one: Pick<VexDocument, "issuedAt" | "version">,
  other: Pick<VexDocument, "issuedAt" | "version">,
): boolean {
  if (one.issuedAt !== other.issuedAt) return one.issuedAt > other.issuedAt;
  return one.version.localeCompare(other.version, "en", { numeric: true }) > 0;
}

/**
 * Whether it is about that finding at that place in the image. `hosts` are what images' names begin with here. What
 * lifts a finding must certainly mean it; what takes that back counts already where it may.
 */
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
  const unknown = !denies(statement);
  return statement.products.some((product) => {
    const isOfImage =
      product.digests.some((digest) => image.digests.has(digest)) ||
      purlsIn(product.purls).some((purl) => isImage(purl, hosts, image, unknown));
    if (isOfImage) return product.parts === null || coversOne(product.parts, own, unknown);
    // Parts of a package: that the image has them from there, and from nowhere else, nobody can tell.
    return product.parts === null && coversOne(product.purls, own, unknown);
  });
}

/**
 * Whether it names the image, by the rules of purl-spec for images: a digest is what identifies one, and the tag and
 * repository beside it are only where it was found once; without a digest they are all that there is.
 */
function isImage(purl: Purl, hosts: readonly string[], image: ImageNames, unknown: boolean): boolean {
  if (purl.type !== "oci" && purl.type !== "docker") return false;
  const { repository_url, tag, ...others } = purl.qualifiers;
  const isThere =
    purl.version === ""
      ? hosts.some((host) => repository_url === `${host}/${image.repository}`)
      : image.digests.has(purl.version);
  if (!isThere || unknown) return isThere;
  const name = purl.namespace === "" ? purl.name : `${purl.namespace}/${purl.name}`;
  if (purl.subpath !== "" || !`/${image.repository}`.endsWith(`/${name}`)) return false;
  if (purl.version === image.digest) return true;
  // The others, such as the architecture, choose among the images of an index or a repository: which one nobody knows.
  const isAnyTag = purl.version !== "" || tag === undefined || image.tags.has(tag);
  return isAnyTag && Object.keys(others).length === 0;
}

function purlsIn(texts: readonly string[]): readonly Purl[] {
  return texts.map(parsePurl).filter((purl) => purl !== null);
}

function coversOne(texts: readonly string[], own: Purl | null, unknown: boolean): boolean {
  return own !== null && purlsIn(texts).some((purl) => covers(purl, own, unknown));
}

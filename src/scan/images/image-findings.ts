import type { Selectable } from "kysely";
import type { PackageFindingTable, Reader } from "../../db/index.ts";
import type { ImageInventory, ImagePackage } from "../inventory/package.ts";
import type { Finding, FindingStatus, Identity, ImageFinding, Place } from "../match/finding.ts";
import { type Identified, identitiesOf, keyOf } from "../match/identities.ts";
import type { Known } from "../match/known.ts";
import { matchIdentity } from "../match/match.ts";
import { purlOf } from "../sbom/purl.ts";
import { rankOf, severities } from "../severity.ts";

type Row = Identity & Selectable<PackageFindingTable>;

/**
 * What is known against an image, the worst first. Which findings there are is what was stored with the counts; what
 * there is to say of them comes from the vulnerability database, as far as there is one that still knows them.
 */
export async function findingsOf(
  reader: Reader,
  manifestId: number,
  inventory: ImageInventory,
  known: Known | null,
): Promise<readonly ImageFinding[]> {
  const rows: readonly Row[] = await reader
    .selectFrom("image_package")
    .innerJoin("package_identity", "package_identity.id", "image_package.package_id")
    .innerJoin("package_finding", "package_finding.package_id", "image_package.package_id")
    .selectAll("package_finding")
    .select([
      "package_identity.ecosystem",
      "package_identity.name",
      "package_identity.version",
      "package_identity.module",
      "package_identity.origin",
    ])
    .where("image_package.manifest_id", "=", manifestId)
    .execute();
  const holders = Map.groupBy(
    identitiesOf(inventory).filter(({ identity }) => identity !== null),
    ({ identity }) => (identity === null ? "" : keyOf(identity)),
  );
  const findings: ImageFinding[] = [];
  for (const [key, ofIdentity] of Map.groupBy(rows, keyOf)) {
    const [identity] = ofIdentity;
    if (identity === undefined) continue;
    const matched = known === null ? [] : matchIdentity(known, identity);
    const details = new Map(matched.map((finding) => [finding.id, finding]));
    const where = placesOf(holders.get(key) ?? [], inventory);
    for (const row of ofIdentity) findings.push(inImage(details.get(row.vulnerability), row, where));
  }
  return findings.toSorted(worstFirst);
}

/** Where an identity's findings lie. All of them share it: an image may have a package in a hundred thousand places. */
export interface Whereabouts {
  readonly type: ImagePackage["type"] | null;
  readonly places: readonly Place[];
}

/** `holders` are the packages that an identity stands for. */
export function placesOf(holders: readonly Identified[], { distribution }: ImageInventory): Whereabouts {
  const places = holders.map(
    ({ package: one }): Place => ({
      package: one.name,
      version: one.version,
      purl: purlOf(one, distribution),
      path: one.path,
      layer: one.layer,
    }),
  );
  return { type: holders[0]?.package.type ?? null, places };
}

/** A finding where it lies. */
export function inImage(
  finding: Finding | undefined,
  row: Identity & Pick<Row, "vulnerability" | "status" | "fixed_version" | "severity">,
  { type, places }: Whereabouts,
): ImageFinding {
  const [first] = places;
  return {
    ...(finding ?? bareFinding(row)),
    // What was counted and judged by, should the database have changed since.
    status: row.status as FindingStatus,
    fixedVersion: row.fixed_version,
    severity: severities[row.severity] ?? "Unknown",
    package: row.name,
    version: row.version,
    type,
    ecosystem: row.ecosystem,
    purl: first?.purl ?? null,
    path: first?.path ?? null,
    layer: first?.layer ?? null,
    places,
  };
}

/** A finding of which the vulnerability database that is open here says nothing. */
function bareFinding(row: Pick<Row, "vulnerability">): Omit<Finding, "status" | "fixedVersion" | "severity"> {
  return {
    id: row.vulnerability,
    aliases: [],
    summary: "",
    description: "",
    cvss: [],
    cwes: [],
    exploitedSince: null,
    epss: null,
    links: [],
    publishedAt: null,
    modifiedAt: null,
    feed: "",
  };
}

export function worstFirst(a: ImageFinding, b: ImageFinding): number {
  return (
    rankOf(b.severity) - rankOf(a.severity) ||
    a.id.localeCompare(b.id, "en") ||
    a.package.localeCompare(b.package, "en")
  );
}

import type { Reader } from "../../db/index.ts";
import { inImage, placesOf, worstFirst } from "../images/image-findings.ts";
import { readMatchedData } from "../images/matched.ts";
import type { CurrentKnown } from "../images/options.ts";
import type { ImageInventory } from "../inventory/index.ts";
import { coverageOf } from "../match/coverage.ts";
import { type Coverage, type ImageFinding, listedPlaces } from "../match/finding.ts";
import { identitiesOf, keyOf } from "../match/identities.ts";
import { matchIdentity } from "../match/match.ts";
import { FindingsLimit } from "../match/most-findings.ts";
import { partsOf } from "../match/parts.ts";
import { rankOf } from "../severity.ts";

export interface AssessOptions {
  readonly read: Reader;
  /** The vulnerability database that this process has open; null while there is none. */
  readonly known: CurrentKnown | null;
  readonly now: number;
  readonly maxAge: (feed: string) => number;
}

/**
 * What is known against an inventory, the worst first, and how sure that is; nothing is stored. Throws PRECONDITION for
 * more findings than an image may have.
 */
export async function assess(
  inventory: ImageInventory,
  { read, known, now, maxAge }: AssessOptions,
): Promise<{ readonly findings: readonly ImageFinding[]; readonly coverage: readonly Coverage[] }> {
  const identified = identitiesOf(inventory);
  const holders = Map.groupBy(identified, ({ identity }) => (identity === null ? null : keyOf(identity)));
  holders.delete(null);
  const findings: ImageFinding[] = [];
  const limit = new FindingsLimit();
  const undecided: Record<string, number> = {};
  for (const some of holders.values()) {
    const identity = some[0]?.identity;
    if (known === null || identity == null) continue;
    const matched = matchIdentity(known, identity);
    limit.spend(matched.length);
    const { type, places } = placesOf(some, inventory);
    const where = { type, places: places.slice(0, listedPlaces) };
    for (const finding of matched) {
      const { id: vulnerability, status, fixedVersion: fixed_version } = finding;
      const row = { ...identity, vulnerability, status, fixed_version, severity: rankOf(finding.severity) };
      findings.push(inImage(finding, row, where));
    }
    if (matched.some(({ status }) => status === "unknown")) {
      undecided[identity.ecosystem] = (undecided[identity.ecosystem] ?? 0) + 1;
    }
  }
  const { lookedAt } = await readMatchedData(read);
  const manifest = known?.manifest ?? null;
  const coverage = coverageOf(partsOf(inventory, identified), { manifest, undecided, now, lookedAt, maxAge });
  return { findings: findings.toSorted(worstFirst), coverage };
}

import type { Advisory, Affected, Range } from "../../../src/scan/vulndb/advisory.ts";
import {
  type BuildOptions,
  buildDatabase,
  type FeedRecord,
  type FetchedFeed,
} from "../../../src/scan/vulndb/index.ts";

export function affected(
  ecosystem: string,
  name: string,
  ranges: readonly Range[],
  more: Partial<Affected> = {},
): Affected {
  return {
    ecosystem,
    name,
    module: null,
    scheme: "deb",
    ranges,
    versions: [],
    status: "affected",
    severity: null,
    ...more,
  };
}

export const before = (fixed: string): Range => ({ introduced: "0", fixed, lastAffected: null });

export function advisory(
  id: string,
  affected: readonly Affected[],
  more: Partial<Advisory> = {},
): FeedRecord {
  return {
    kind: "advisory",
    advisory: {
      ...{ id, aliases: [], summary: "", description: "", severity: null, cvss: [], cwes: [], links: [] },
      ...{ publishedAt: null, modifiedAt: null, affected, ...more },
    },
  };
}

/** A feed that tells these records; its sha256 follows from them. */
export function fetched(
  name: string,
  records: readonly FeedRecord[],
  more: Partial<FetchedFeed> = {},
): FetchedFeed {
  return {
    ...{ name, format: "osv", source: `https://example.com/${name}`, fetchedAt: 1000, asOf: null },
    sha256: Bun.CryptoHasher.hash("sha256", JSON.stringify(records), "hex"),
    async *records() {
      yield* records;
    },
    ...more,
  };
}

export function build(target: string, feeds: readonly FetchedFeed[], more: Partial<BuildOptions> = {}) {
  return buildDatabase({ target, previous: null, feeds, drop: [], builtAt: 5000, ...more });
}

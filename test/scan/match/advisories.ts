import type { Enrichment, Known, Statement } from "../../../src/scan/match/known.ts";
import type { Advisory, Affected } from "../../../src/scan/vulndb/advisory.ts";
import { schemeOf } from "../../../src/scan/vulndb/index.ts";

type Said = Partial<Omit<Advisory, "affected">> & { readonly id: string; readonly feed?: string };

/** An advisory about one package: `fixed` null where there is no fix. */
export function advisory(
  said: Said,
  ecosystem: string,
  name: string,
  fixed: string | null,
  more: Partial<Affected> = {},
): Advisory & { readonly feed: string } {
  return {
    ...{ feed: "feed", aliases: [], summary: "", description: "", severity: null, cvss: [], cwes: [] },
    ...{ links: [], publishedAt: null, modifiedAt: null },
    ...said,
    affected: [
      {
        ...{ ecosystem, name, module: null, scheme: schemeOf(ecosystem) ?? "semver", versions: [] },
        ...{ status: "affected" as const, severity: null },
        ranges: [{ introduced: "0", fixed, lastAffected: null }],
        ...more,
      },
    ],
  };
}

/** A vulnerability database in memory. */
export function knowing(
  advisories: readonly (Advisory & { readonly feed: string })[],
  enrichments: Readonly<Record<string, Enrichment>> = {},
): Known {
  return {
    statementsOn: (ecosystem, name) =>
      advisories.flatMap((one) =>
        one.affected
          .filter((affected) => affected.ecosystem === ecosystem && affected.name === name)
          .map((affected): Statement => {
            const { feed, id, aliases } = one;
            return { feed, id, aliases, affected, advisory: () => one };
          }),
      ),
    enrichmentOf: (cve) => enrichments[cve] ?? null,
  };
}

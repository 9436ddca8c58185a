import type { Cvss } from "../../match/finding.ts";
import type { Advisory } from "../advisory.ts";

/** What feeds are made of, in the order in which they tell it. */
export type FeedRecord =
  | { readonly kind: "advisory"; readonly advisory: Advisory }
  /** The feed tells of this release, also where it has nothing against it. */
  | { readonly kind: "group"; readonly ecosystem: string }
  /** The feed's own time, milliseconds since 1970. */
  | { readonly kind: "as-of"; readonly at: number }
  /** A part that is not what it should be: a sentence. The others count all the same. */
  | { readonly kind: "unreadable"; readonly reason: string }
  | { readonly kind: "exploited"; readonly cve: string; readonly since: number }
  | { readonly kind: "epss"; readonly cve: string; readonly probability: number; readonly percentile: number }
  | { readonly kind: "assessment"; readonly assessment: Assessment };

/** What NVD says of a CVE. It is never the reason for a finding. */
export interface Assessment {
  readonly cve: string;
  readonly description: string;
  readonly cvss: readonly Omit<Cvss, "score">[];
  readonly cwes: readonly string[];
  readonly links: readonly string[];
  readonly publishedAt: number | null;
  readonly modifiedAt: number | null;
}

export function unreadable(name: string, error: unknown): FeedRecord {
  return { kind: "unreadable", reason: `${name}: ${error instanceof Error ? error.message : String(error)}` };
}

import type { Advisory, Affected } from "../vulndb/advisory.ts";
import type { Cvss } from "./finding.ts";

/** What matching asks of a vulnerability database. */
export interface Known {
  /** What is said of the packages of that name, of all modules. */
  statementsOn(ecosystem: string, name: string): readonly Statement[];
  /** What is said of a vulnerability itself, by whatever package it is in. */
  enrichmentOf(cve: string): Enrichment | null;
}

/** What one advisory says of one package. */
export interface Statement {
  /** The feed's name. */
  readonly feed: string;
  /** The advisory's own id. */
  readonly id: string;
  readonly aliases: readonly string[];
  readonly affected: Affected;
  /** The rest of it, looked up when it is needed: most of what is known of a name is of other versions. */
  advisory(): Advisory;
}

export interface Enrichment {
  readonly exploitedSince: number | null;
  readonly epss: { readonly probability: number; readonly percentile: number } | null;
  readonly cvss: readonly Omit<Cvss, "score">[];
}

import { scoreOf } from "../cvss.ts";
import { rankOf, type Severity, severityOfScore } from "../severity.ts";
import { compareVersions } from "../versions/index.ts";
import type { Cvss, Finding, FindingStatus } from "./finding.ts";
import type { Known, Statement } from "./known.ts";
import { isCve, namesOf, type Vulnerability } from "./vulnerabilities.ts";

/** A statement by which a version is affected. */
export interface Hit {
  readonly statement: Statement;
  readonly status: FindingStatus;
  readonly fixed: string | null;
}

const maxLinks = 50;

/** What a vendor says of how it goes on tells more than that the package is affected. */
const statusesByWeight: readonly FindingStatus[] = [
  "will_not_fix",
  "fix_deferred",
  "affected",
  "under_investigation",
  "unknown",
];

/** Makes one finding of all that is said of a vulnerability. `hits` has at least one. */
export function findingOf(
  known: Known,
  { id, alone, together }: Vulnerability,
  hits: readonly Hit[],
): Finding {
  const fixedVersion = latestFix(hits);
  const status = statusesByWeight.find((one) => hits.some((hit) => hit.status === one)) ?? "affected";
  const single = new Set(alone);
  const advisories = hits.map(({ statement }) => ({ statement, advisory: statement.advisory() }));
  // What an erratum says of several vulnerabilities at once, its scores and its texts, need not hold for this one.
  const own = advisories.filter(({ statement }) => single.has(statement));
  const describing = own.length > 0 ? own : advisories;
  const enrichment = isCve(id) ? known.enrichmentOf(id) : null;
  const cvss = scored([...own.flatMap(({ advisory }) => advisory.cvss), ...(enrichment?.cvss ?? [])]);
  const text = (of: (advisory: (typeof advisories)[number]["advisory"]) => string) =>
    describing.map(({ advisory }) => of(advisory)).find((one) => one !== "") ?? "";
  const times = (of: (advisory: (typeof advisories)[number]["advisory"]) => number | null) =>
    describing.map(({ advisory }) => of(advisory)).filter((time) => time !== null);
  const published = times(({ publishedAt }) => publishedAt);
  const modified = times(({ modifiedAt }) => modifiedAt);
  return {
    id,
    aliases: aliasesOf(id, alone, together),
    status: fixedVersion !== null && status !== "unknown" ? "affected" : status,
    fixedVersion,
    severity: severityOf(advisories, cvss),
    summary: text(({ summary }) => summary),
    description: text(({ description }) => description),
    cvss,
    cwes: distinct(describing.flatMap(({ advisory }) => advisory.cwes)),
    exploitedSince: enrichment?.exploitedSince ?? null,
    epss: enrichment?.epss ?? null,
    links: distinct(advisories.flatMap(({ advisory }) => advisory.links)).slice(0, maxLinks),
    publishedAt: published.length === 0 ? null : Math.min(...published),
    modifiedAt: modified.length === 0 ? null : Math.max(...modified),
    feed: describing[0]?.statement.feed ?? "",
  };
}

/** Where several ranges hold the version, it takes the last of their fixes to leave them all. */
function latestFix(hits: readonly Hit[]): string | null {
  let latest: string | null = null;
  for (const { statement, fixed } of hits) {
    if (fixed === null) continue;
    if (latest === null || (compareVersions(statement.affected.scheme, fixed, latest) ?? 0) > 0)
      latest = fixed;
  }
  return latest;
}

/** The names of others that an erratum speaks of too are no names of this one. */
function aliasesOf(
  id: string,
  alone: readonly Statement[],
  together: readonly Statement[],
): readonly string[] {
  const names = [...alone.flatMap(namesOf), ...together.map((statement) => statement.id)];
  return distinct(names).filter((name) => name !== id);
}

/** The vendor's for this package, else for the vulnerability, the worst where several grade it; else by the score. */
function severityOf(
  advisories: readonly {
    readonly statement: Statement;
    readonly advisory: { readonly severity: Severity | null };
  }[],
  cvss: readonly Cvss[],
): Severity {
  const graded = advisories
    .map(({ statement, advisory }) => statement.affected.severity ?? advisory.severity)
    .filter((severity) => severity !== null && severity !== "Unknown");
  const worst = graded.toSorted((a, b) => rankOf(b) - rankOf(a))[0];
  if (worst !== undefined) return worst;
  const score = Math.max(...cvss.map(({ score }) => score));
  return cvss.length === 0 ? "Unknown" : severityOfScore(score);
}

function scored(cvss: readonly Omit<Cvss, "score">[]): readonly Cvss[] {
  const byVector = new Map<string, Cvss>();
  for (const one of cvss) {
    const score = scoreOf(one.vector);
    if (score !== null && !byVector.has(one.vector)) byVector.set(one.vector, { ...one, score });
  }
  return [...byVector.values()];
}

function distinct(texts: readonly string[]): readonly string[] {
  return [...new Set(texts)];
}

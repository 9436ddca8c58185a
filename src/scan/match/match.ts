import type { Affected } from "../vulndb/advisory.ts";
import { sourceName } from "../vulndb/index.ts";
import type { Finding, FindingStatus, Identity } from "./finding.ts";
import { findingOf, type Hit } from "./finding-of.ts";
import type { Known, Statement } from "./known.ts";
import { standingOf } from "./standing.ts";
import { type Vulnerability, vulnerabilitiesAmong } from "./vulnerabilities.ts";

/**
 * What is known against an identity, each vulnerability once. One whose version cannot be compared is a finding with
 * the status `unknown`.
 */
export function matchIdentity(known: Known, identity: Identity): readonly Finding[] {
  const statements = statementsOn(known, identity);
  if (statements.length === 0) return [];
  const findings: Finding[] = [];
  for (const vulnerability of vulnerabilitiesAmong(statements)) {
    const hits = hitsOf(identity, vulnerability);
    if (hits === null || hits.length === 0) continue;
    findings.push(findingOf(known, vulnerability, hits));
  }
  return findings;
}

/** Of the package and of what it was built from. */
function statementsOn(known: Known, { ecosystem, name, module, origin }: Identity): readonly Statement[] {
  const names = origin === "" ? [name] : [name, sourceName(origin.split(" ")[0] ?? "")];
  return names
    .flatMap((one) => known.statementsOn(ecosystem, one))
    .filter(({ affected }) => isOfModule(affected.module, module));
}

/** `*` is any module, of feeds that do not say which. */
function isOfModule(asked: string | null, module: string): boolean {
  return asked === "*" ? module !== "" : (asked ?? "") === module;
}

/**
 * The statements by which the package is affected. What is said of it by its own name counts before what is said of its
 * source, and a vendor's own record of the vulnerability before advisories about several at once: an erratum names the
 * version that mends all of them. Otherwise one that has the version among those affected is enough, whatever fix others
 * name. Null where somebody says in so many words that the version is not affected.
 */
function hitsOf(identity: Identity, vulnerability: Vulnerability): readonly Hit[] | null {
  const isOfSource = ({ affected }: Statement) => identity.origin !== "" && affected.name !== identity.name;
  const said = [...vulnerability.alone, ...vulnerability.together];
  const bySource = said.every(isOfSource);
  const version = bySource ? (identity.origin.split(" ")[1] ?? "") : identity.version;
  const counts = (statement: Statement) => bySource || !isOfSource(statement);
  const counting = said.filter(counts);
  const denials = counting.filter(({ affected }) => affected.status === "not_affected");
  if (denials.some(({ affected }) => standingOf(version, affected).state === "in")) return null;
  const affirm = ({ affected }: Statement) => affected.status !== "not_affected";
  const affirming = counting.filter(affirm);
  const isRecorded = affirming.some((statement) => isRecordOf(vulnerability.id, statement));
  const decisive = isRecorded ? affirming.filter((one) => vulnerability.alone.includes(one)) : affirming;
  const hits: Hit[] = [];
  for (const statement of decisive) {
    const standing = standingOf(version, statement.affected);
    if (standing.state === "out") continue;
    hits.push(
      standing.state === "in"
        ? { statement, status: statusOf(statement.affected), fixed: standing.fixed }
        : { statement, status: "unknown", fixed: null },
    );
  }
  const certain = hits.filter(({ status }) => status !== "unknown");
  return certain.length > 0 ? certain : hits;
}

/** Whether it is what a distribution keeps of a vulnerability by the vulnerability's own name: `DEBIAN-CVE-2024-0001`. */
function isRecordOf(vulnerability: string, { id }: Statement): boolean {
  return id === vulnerability || id.endsWith(`-${vulnerability}`);
}

function statusOf({ status }: Affected): FindingStatus {
  return status === "not_affected" ? "affected" : status;
}

import type { Cvss } from "../../match/finding.ts";
import type { Severity } from "../../severity.ts";
import type { Advisory } from "../advisory.ts";
import { familyOf } from "../ecosystems/ecosystems.ts";
import { cvesIn, isCve } from "./cve.ts";
import { cvssAmong } from "./cvss.ts";
import type { FeedDocument } from "./documents.ts";
import { jsonOf } from "./json.ts";
import { affectedOf } from "./osv-affected.ts";
import { type FeedRecord, unreadable } from "./record.ts";
import { vendorSeverity } from "./severity.ts";
import { asLinks, asList, asName, asNames, asText, asTime, asTree, isTree, type Tree } from "./shape.ts";

/** OSV records, one in each JSON document (OSV schema 1.7). */
export async function* readOsv(documents: AsyncIterable<FeedDocument>): AsyncGenerator<FeedRecord> {
  for await (const document of documents) {
    if (!document.name.endsWith(".json")) continue;
    try {
      const record = await jsonOf(document);
      if (!isTree(record) || asName(record.id) === "" || !isListOrAbsent(record.affected))
        throw new Error("It is no OSV record.");
      const advisory = advisoryOf(record);
      if (advisory !== null) yield { kind: "advisory", advisory };
    } catch (error) {
      yield unreadable(document.name, error);
    }
  }
}

function isListOrAbsent(value: unknown): boolean {
  return value === undefined || value === null || Array.isArray(value);
}

/** Null for a record that tells of no vulnerability in a package: withdrawn, a bug fix, a notice, source code alone. */
function advisoryOf(record: Tree): Advisory | null {
  const id = asName(record.id);
  if (asName(record.withdrawn) !== "" || /^LSN-/.test(id) || isNotice(record)) return null;
  const affected = affectedOf(record);
  if (affected.length === 0) return null;
  const isRpm = affected.some(({ scheme }) => scheme === "rpm");
  const aliases = namesOf(record, id, isRpm || familyOf(affected[0]?.ecosystem ?? "") === "Ubuntu");
  const severity = severityOf(record, id, isRpm);
  if (isRpm && severity === null && ![id, ...aliases].some(isCve) && isErratumWithoutSecurity(id))
    return null;
  const specific = asTree(record.database_specific);
  return {
    id,
    aliases,
    summary: asText(record.summary),
    description: asText(record.details),
    severity,
    cvss: cvssesOf(record, id),
    cwes: asNames(specific.cwe_ids),
    links: asLinks(asList(record.references).map((reference) => asTree(reference).url)),
    publishedAt: asTime(record.published),
    modifiedAt: asTime(record.modified),
    affected,
  };
}

/** AlmaLinux, Rocky and Red Hat publish bug fixes (`ALBA`) and enhancements (`ALEA`) together with security (`ALSA`). */
function isErratumWithoutSecurity(id: string): boolean {
  return /^(?:AL|RL|RX|RH)[BE]A-/.test(id);
}

/** RustSec tells also of crates that nobody maintains any longer: worth knowing, and no vulnerability. */
function isNotice(record: Tree): boolean {
  const notices = asList(record.affected).map((one) => asTree(asTree(one).database_specific).informational);
  return notices.length > 0 && notices.every((notice) => notice === "unmaintained" || notice === "notice");
}

/**
 * Other names, and what it is about. Distributions' errata, older ones of Ubuntu's too, have the latter under `related`;
 * elsewhere that is other vulnerabilities. Of some records the id alone tells: `ALPINE-CVE-2018-15853`.
 */
function namesOf(record: Tree, id: string, isErratum: boolean): readonly string[] {
  const names = [...asNames(record.aliases), ...asNames(record.upstream)];
  if (isErratum && !names.some(isCve)) names.push(...asNames(record.related).filter(isCve));
  if (!names.some(isCve)) names.push(...cvesIn(id));
  return [...new Set(names)].filter((name) => name !== id);
}

function severityOf(record: Tree, id: string, isRpm: boolean): Severity | null {
  const own = vendorSeverity(asTree(record.database_specific).severity);
  if (own !== null) return own;
  for (const one of asList(record.severity).map(asTree))
    if (one.type === "Ubuntu") return vendorSeverity(one.score);
  // Code that was published to do harm. Nobody grades it.
  if (id.startsWith("MAL-")) return "Critical";
  // Errata have it in their headline: `Important: nodejs:18 security update`.
  return isRpm ? vendorSeverity(/^(\w+): /.exec(asText(record.summary))?.[1]) : null;
}

function cvssesOf(record: Tree, id: string): readonly Omit<Cvss, "score">[] {
  const own = asList(record.severity);
  const ofPackages = asList(record.affected).flatMap((one) => asList(asTree(one).severity));
  const vectors = [...own, ...ofPackages].map((one) => asTree(one).score);
  return cvssAmong(vectors, id.split("-", 1)[0]?.toLowerCase() ?? "osv");
}

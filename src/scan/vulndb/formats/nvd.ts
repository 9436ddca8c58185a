import { isCve } from "./cve.ts";
import { cvssAmong } from "./cvss.ts";
import type { FeedDocument } from "./documents.ts";
import { membersOf } from "./json-members.ts";
import { type FeedRecord, unreadable } from "./record.ts";
import { asLinks, asList, asName, asNames, asText, asTime, asTree, type Tree } from "./shape.ts";

/** NVD's CVEs, as pages of its API 2.0 or as its yearly files, which are the same. */
export async function* readNvd(documents: AsyncIterable<FeedDocument>): AsyncGenerator<FeedRecord> {
  for await (const document of documents) {
    if (!document.name.endsWith(".json")) continue;
    try {
      for await (const { key, value } of membersOf(document, new Set(["vulnerabilities"]))) {
        const at = key === "timestamp" ? asTime(zoned(value)) : null;
        if (at !== null) yield { kind: "as-of", at };
        if (key !== "vulnerabilities") continue;
        const cve = asTree(asTree(value).cve);
        if (!isCve(asName(cve.id))) yield unreadable(document.name, "An entry has no CVE.");
        else if (cve.vulnStatus !== "Rejected") yield assessmentOf(cve);
      }
    } catch (error) {
      yield unreadable(document.name, error);
    }
  }
}

function assessmentOf(cve: Tree): FeedRecord {
  const english = (values: unknown) =>
    asList(values)
      .map(asTree)
      .find(({ lang }) => lang === "en")?.value;
  const metrics = asTree(cve.metrics);
  const scores = [metrics.cvssMetricV40, metrics.cvssMetricV31, metrics.cvssMetricV30, metrics.cvssMetricV2];
  const cvss = scores.flatMap((list) =>
    asList(list)
      .map(asTree)
      .flatMap(({ source, cvssData }) =>
        cvssAmong([asTree(cvssData).vectorString], sourceOf(asName(source))),
      ),
  );
  const weaknesses = asList(cve.weaknesses).map((one) => english(asTree(one).description));
  return {
    kind: "assessment",
    assessment: {
      cve: asName(cve.id),
      description: asText(english(cve.descriptions)),
      cvss,
      cwes: asNames(weaknesses).filter((name) => /^CWE-\d+$/.test(name)),
      links: asLinks(asList(cve.references).map((reference) => asTree(reference).url)),
      publishedAt: asTime(zoned(cve.published)),
      modifiedAt: asTime(zoned(cve.lastModified)),
    },
  };
}

/** Others may have given a score through NVD, by their own addresses. */
function sourceOf(source: string): string {
  return source === "" || source === "nvd@nist.gov" ? "nvd" : source;
}

/** NVD's times are UTC without saying so. */
function zoned(time: unknown): unknown {
  return typeof time === "string" && /T[\d:.]+$/.test(time) ? `${time}Z` : time;
}

import { isCve } from "./cve.ts";
import type { FeedDocument } from "./documents.ts";
import { membersOf } from "./json-members.ts";
import { type FeedRecord, unreadable } from "./record.ts";
import { asName, asTime, asTree } from "./shape.ts";

/** CISA's catalogue of vulnerabilities that are known to be exploited. */
export async function* readKev(documents: AsyncIterable<FeedDocument>): AsyncGenerator<FeedRecord> {
  for await (const document of documents) {
    try {
      for await (const { key, value } of membersOf(document, new Set(["vulnerabilities"]))) {
        if (key === "dateReleased") {
          const at = asTime(value);
          if (at !== null) yield { kind: "as-of", at };
        } else if (key === "vulnerabilities") yield recordOf(document.name, value);
      }
    } catch (error) {
      yield unreadable(document.name, error);
    }
  }
}

function recordOf(document: string, value: unknown): FeedRecord {
  const { cveID, dateAdded } = asTree(value);
  const cve = asName(cveID);
  const since = asTime(dateAdded);
  if (!isCve(cve) || since === null) return unreadable(document, "An entry has no CVE or no date.");
  return { kind: "exploited", cve, since };
}

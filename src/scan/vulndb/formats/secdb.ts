import { parse } from "yaml";
import { compareVersions } from "../../versions/index.ts";
import type { Advisory, Affected } from "../advisory.ts";
import { cvesIn } from "./cve.ts";
import { type FeedDocument, wholeOf } from "./documents.ts";
import { jsonOf } from "./json.ts";
import { before, everyVersion, isNever } from "./ranges.ts";
import { type FeedRecord, unreadable } from "./record.ts";
import { asList, asName, asText, asTree, isTree, type Tree } from "./shape.ts";

/** Fifty times the largest that there was before JSON took its place. */
const largestYaml = 4 * 1024 * 1024;
/** One in some hundreds has no digit. */
const ghsa = /^GHSA(?:-[2-9cfghjmpqrvwx]{4}){3}$/i;

/** Alpine's list of what was fixed in which version, which Wolfi, Chainguard and MinimOS publish too. */
export async function* readSecdb(documents: AsyncIterable<FeedDocument>): AsyncGenerator<FeedRecord> {
  for await (const document of documents) {
    try {
      const list = await treeOf(document);
      const ecosystem = isTree(list) ? ecosystemOf(list) : null;
      if (!isTree(list) || ecosystem === null)
        throw new Error("It is no list of fixes of a known distribution.");
      yield { kind: "group", ecosystem };
      for (const one of asList(list.packages))
        yield* fixesOf(asTree(asTree(one).pkg), ecosystem, document.name);
    } catch (error) {
      yield unreadable(document.name, error);
    }
  }
}

async function treeOf(document: FeedDocument): Promise<unknown> {
  if (!/\.ya?ml$/.test(document.name)) return jsonOf(document);
  const text = (await wholeOf(document)).toString("utf8");
  if (text.length > largestYaml) throw new Error(`It has more than ${largestYaml} characters.`);
  // As text, so that a version 1.10 stays one. Nothing in these lists is an alias, which could expand without end.
  return parse(text, { schema: "failsafe", maxAliasCount: 0, uniqueKeys: false, logLevel: "silent" });
}

function ecosystemOf(list: Tree): string | null {
  const release = asName(list.distroversion);
  if (release !== "") return /^(?:v\d+\.\d+|edge)$/.test(release) ? `Alpine:${release}` : null;
  const address = asName(list.urlprefix);
  if (/\bwolfi\.dev\b/.test(address)) return "Wolfi";
  if (/\bcgr\.dev\b/.test(address)) return "Chainguard";
  return /\bminim(?:os|us)\b/.test(address) ? "MinimOS" : null;
}

function* fixesOf(list: Tree, ecosystem: string, document: string): Generator<FeedRecord> {
  const name = asName(list.name);
  if (name === "") throw new Error("A package of it has no name.");
  const fixes = new Map<string, { readonly aliases: readonly string[]; readonly version: string }>();
  for (const [version, entries] of Object.entries(asTree(list.secfixes))) {
    for (const entry of asList(entries)) {
      const named = idsIn(asText(entry));
      if (named.length === 0) yield unreadable(document, `${name} ${version} names no vulnerability.`);
      for (const { id, aliases } of named) {
        const known = fixes.get(id)?.version;
        // Listed again, the first fix was not all of it.
        if (known === undefined || isLater(version, known))
          fixes.set(id, { aliases, version: version.trim() });
      }
    }
  }
  for (const [id, { aliases, version }] of fixes)
    yield { kind: "advisory", advisory: advisoryOf(id, aliases, affectedOf(ecosystem, name, version)) };
}

function isLater(version: string, known: string): boolean {
  return isNever(known) || (!isNever(version) && (compareVersions("apk", version, known) ?? -1) > 0);
}

function affectedOf(ecosystem: string, name: string, fixed: string): Affected {
  return {
    ...{ ecosystem, name, module: null, scheme: "apk", versions: [], severity: null },
    ...(isNever(fixed)
      ? { ranges: [everyVersion], status: "not_affected" }
      : { ranges: [before(fixed)], status: "affected" }),
  };
}

/**
 * What an entry names. Most are one CVE; others have a second name behind it, a remark in brackets, a CVE that was not
 * given out yet (`CVE-????-????? XSA-295`), or several CVEs.
 */
export function idsIn(
  entry: string,
): readonly { readonly id: string; readonly aliases: readonly string[] }[] {
  const cves = cvesIn(entry);
  const names = entry
    .replace(/\(.*?\)/g, " ")
    .split(/\s+/)
    .filter((word) => ghsa.test(word) || /^(?!CVE[-_])[A-Za-z][\w.-]*-[\w.-]*\d/i.test(word));
  if (cves.length === 1) return cves.map((id) => ({ id, aliases: names }));
  // With several CVEs nobody knows whose the other name is.
  if (cves.length > 1) return cves.map((id) => ({ id, aliases: [] }));
  const [id, ...aliases] = names;
  return id === undefined ? [] : [{ id, aliases }];
}

function advisoryOf(id: string, aliases: readonly string[], affected: Affected): Advisory {
  return {
    ...{ id, aliases, summary: "", description: "", severity: null },
    ...{ cvss: [], cwes: [], links: [], publishedAt: null, modifiedAt: null },
    affected: [affected],
  };
}

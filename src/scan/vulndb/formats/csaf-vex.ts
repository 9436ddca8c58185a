import type { Severity } from "../../severity.ts";
import type { Advisory, Affected } from "../advisory.ts";
import { asId, type Component, ProductTree } from "./csaf-products.ts";
import { cvssAmong } from "./cvss.ts";
import type { FeedDocument } from "./documents.ts";
import { jsonOf } from "./json.ts";
import { before, everyVersion } from "./ranges.ts";
import { type FeedRecord, unreadable } from "./record.ts";
import { vendorSeverity } from "./severity.ts";
import { asLinks, asList, asName, asText, asTime, asTree, isTree, type Tree } from "./shape.ts";

/** Red Hat's VEX documents, one for each CVE (CSAF 2.0, profile 5). Only Red Hat Enterprise Linux itself is taken. */
export async function* readCsafVex(documents: AsyncIterable<FeedDocument>): AsyncGenerator<FeedRecord> {
  const releases = new Set<string>();
  for await (const document of documents) {
    if (!document.name.endsWith(".json")) continue;
    try {
      const tree = await jsonOf(document);
      const head = isTree(tree) ? asTree(tree.document) : {};
      if (!isTree(tree) || head.category !== "csaf_vex") throw new Error("It is no CSAF VEX document.");
      const products = new ProductTree(asTree(tree.product_tree));
      for (const vulnerability of asList(tree.vulnerabilities).map(asTree)) {
        const advisory = advisoryOf(head, vulnerability, affectedOf(vulnerability, products));
        for (const { ecosystem } of advisory?.affected ?? []) {
          if (!releases.has(ecosystem)) yield { kind: "group", ecosystem };
          releases.add(ecosystem);
        }
        if (advisory !== null) yield { kind: "advisory", advisory };
      }
    } catch (error) {
      yield unreadable(document.name, error);
    }
  }
}

function advisoryOf(head: Tree, vulnerability: Tree, affected: readonly Affected[]): Advisory | null {
  const tracking = asTree(head.tracking);
  const id = asName(vulnerability.cve) || asName(tracking.id);
  if (id === "" || affected.length === 0) return null;
  const notes = asList(vulnerability.notes).map(asTree);
  const vectors = asList(vulnerability.scores).map(asTree);
  const links = asList(vulnerability.references).map((reference) => asTree(reference).url);
  const cwe = asName(asTree(vulnerability.cwe).id);
  return {
    ...{ id, aliases: [], affected },
    summary: asText(vulnerability.title) || asText(head.title),
    description: asText(notes.find(({ category }) => category === "description")?.text),
    severity: vendorSeverity(asTree(head.aggregate_severity).text),
    cvss: cvssAmong(
      vectors.flatMap(({ cvss_v2, cvss_v3, cvss_v4 }) =>
        [cvss_v4, cvss_v3, cvss_v2].map((score) => asTree(score).vectorString),
      ),
      "redhat",
    ),
    cwes: cwe === "" ? [] : [cwe],
    links: asLinks(links),
    publishedAt: asTime(vulnerability.release_date) ?? asTime(tracking.initial_release_date),
    modifiedAt: asTime(tracking.current_release_date),
  };
}

function affectedOf(vulnerability: Tree, products: ProductTree): readonly Affected[] {
  const status = asTree(vulnerability.product_status);
  const impacts = impactsOf(vulnerability);
  const remedies = remediesOf(vulnerability);
  const found = new Map<string, Affected>();
  const add = (id: string, component: Component, said: Pick<Affected, "ranges" | "status">) => {
    const { ecosystem, names, module } = component;
    const severity = impacts.get(id) ?? null;
    for (const name of names) {
      const affected: Affected = { ecosystem, name, module, scheme: "rpm", versions: [], severity, ...said };
      found.set([ecosystem, name, module, said.status, said.ranges[0]?.fixed].join(" "), affected);
    }
  };
  const each = (ids: unknown, take: (id: string, component: Component) => void) => {
    for (const id of asList(ids).map(asId)) {
      const component = products.component(id);
      if (component !== null) take(id, component);
    }
  };
  each(status.fixed, (id, component) => {
    if (component.version === null) return;
    add(id, component, { ranges: [before(component.version)], status: "affected" });
  });
  each(status.known_affected, (id, component) =>
    add(id, component, { ranges: [everyVersion], status: remedies.get(id) ?? "affected" }),
  );
  each(status.under_investigation, (id, component) =>
    add(id, component, { ranges: [everyVersion], status: "under_investigation" }),
  );
  const spokenOf = new Set([...found.values()].map(keyOf));
  each(status.known_not_affected, (id, component) => {
    // Single builds are named where others of the same erratum are affected; that says nothing of other versions.
    if (component.version !== null) return;
    const names = component.names.filter((name) => !spokenOf.has(keyOf({ ...component, name })));
    add(id, { ...component, names }, { ranges: [everyVersion], status: "not_affected" });
  });
  return [...found.values()];
}

function keyOf({ ecosystem, name, module }: Pick<Affected, "ecosystem" | "name" | "module">): string {
  return `${ecosystem} ${name} ${module}`;
}

function impactsOf(vulnerability: Tree): ReadonlyMap<string, Severity> {
  const impacts = new Map<string, Severity>();
  for (const threat of asList(vulnerability.threats).map(asTree)) {
    const severity = threat.category === "impact" ? vendorSeverity(threat.details) : null;
    if (severity !== null) for (const id of asList(threat.product_ids)) impacts.set(asId(id), severity);
  }
  return impacts;
}

function remediesOf(vulnerability: Tree): ReadonlyMap<string, Affected["status"]> {
  const remedies = new Map<string, Affected["status"]>();
  for (const remediation of asList(vulnerability.remediations).map(asTree)) {
    const status = remedyOf(remediation);
    if (status !== null) for (const id of asList(remediation.product_ids)) remedies.set(asId(id), status);
  }
  return remedies;
}

function remedyOf({ category, details }: Tree): Affected["status"] | null {
  if (category === "no_fix_planned") return "will_not_fix";
  if (category !== "none_available") return null;
  return /deferred/i.test(asText(details)) ? "fix_deferred" : "affected";
}

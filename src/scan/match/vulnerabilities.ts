import type { Statement } from "./known.ts";

const cve = /^CVE-\d{4}-\d{4,}$/;

/** What is said of one vulnerability. */
export interface Vulnerability {
  /** The CVE, else the id that most people know. */
  readonly id: string;
  /** By advisories that are about it alone. */
  readonly alone: readonly Statement[];
  /** By advisories about several at once, a DSA or an erratum, of which it is one. */
  readonly together: readonly Statement[];
}

/**
 * Sorts statements by what they are about, so that however many advisories know a vulnerability, and by whatever
 * names, it is one. An advisory about several CVEs speaks of each of them; one that names none belongs to the CVE of
 * another that shares a name with it.
 */
export function vulnerabilitiesAmong(statements: readonly Statement[]): readonly Vulnerability[] {
  const found = new Map<string, { alone: Statement[]; together: Statement[] }>();
  const add = (id: string, kind: "alone" | "together", statement: Statement) => {
    const known = found.get(id) ?? { alone: [], together: [] };
    known[kind].push(statement);
    found.set(id, known);
  };
  const nameless: Statement[] = [];
  const cveOf = new Map<string, string>();
  for (const statement of statements) {
    const names = namesOf(statement);
    const cves = names.filter(isCve);
    for (const id of cves) add(id, cves.length === 1 ? "alone" : "together", statement);
    const [only] = cves;
    if (only === undefined) nameless.push(statement);
    else if (cves.length === 1) for (const name of names) cveOf.set(name, only);
  }
  for (const group of connected(nameless)) {
    const names = group.flatMap(namesOf);
    const name = names.find((one) => cveOf.has(one));
    const id = (name !== undefined && cveOf.get(name)) || best(names);
    for (const statement of group) add(id, "alone", statement);
  }
  return [...found].map(([id, said]) => ({ id, ...said }));
}

export function isCve(id: string): boolean {
  return cve.test(id);
}

/** All names of what an advisory is about, its own first. */
export function namesOf({ id, aliases }: Pick<Statement, "id" | "aliases">): readonly string[] {
  return [...new Set([id, ...aliases])];
}

/** Groups of those that share a name, directly or by way of others. */
function connected(statements: readonly Statement[]): readonly (readonly Statement[])[] {
  const groupOf = new Map<string, Set<Statement>>();
  for (const statement of statements) {
    const names = namesOf(statement);
    const group = new Set([statement]);
    for (const name of names) for (const other of groupOf.get(name) ?? []) group.add(other);
    for (const member of group) for (const name of namesOf(member)) groupOf.set(name, group);
  }
  return [...new Set(groupOf.values())].map((group) => [...group]);
}

/** GitHub's id is the one that is found everywhere; of others the first in order, so that it stays the same. */
function best(names: readonly string[]): string {
  const sorted = names.toSorted();
  return sorted.find((name) => name.startsWith("GHSA-")) ?? sorted[0] ?? "";
}

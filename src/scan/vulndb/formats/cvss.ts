import type { Cvss } from "../../match/finding.ts";

/** A vector with the version that it is of (CVSS 2 vectors do not say); null for what is none. */
export function cvssOf(vector: unknown, source: string): Omit<Cvss, "score"> | null {
  if (typeof vector !== "string" || vector.length > 512) return null;
  const version = /^CVSS:(3\.0|3\.1|4\.0)\//.exec(vector)?.[1] ?? (/^AV:[LAN]\//.test(vector) ? "2.0" : null);
  return version === null ? null : { version, vector, source };
}

/** Those of `vectors` that are vectors, each once. */
export function cvssAmong(vectors: readonly unknown[], source: string): readonly Omit<Cvss, "score">[] {
  return [...new Set(vectors)].map((vector) => cvssOf(vector, source)).filter((one) => one !== null);
}

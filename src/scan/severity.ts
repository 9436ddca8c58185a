/** Severities by Harbor's names, from the least to the worst. */
export const severities = ["None", "Unknown", "Negligible", "Low", "Medium", "High", "Critical"] as const;

export type Severity = (typeof severities)[number];

/** Where a severity stands among the others: the number that databases sort by. */
export function rankOf(severity: Severity): number {
  return severities.indexOf(severity);
}

/** The severity of a CVSS base score, 0 to 10 (CVSS 3.1, section 5). */
export function severityOfScore(score: number): Severity {
  if (score >= 9) return "Critical";
  if (score >= 7) return "High";
  if (score >= 4) return "Medium";
  return score > 0 ? "Low" : "None";
}

import type { Severity } from "../../severity.ts";

const severities: Readonly<Record<string, Severity>> = {
  unimportant: "Negligible",
  negligible: "Negligible",
  low: "Low",
  minor: "Low",
  moderate: "Medium",
  medium: "Medium",
  important: "High",
  high: "High",
  critical: "Critical",
  urgent: "Critical",
};

/** A vendor's word for how bad it is; null for `not yet assigned` and whatever else is no grade. */
export function vendorSeverity(word: unknown): Severity | null {
  const key = typeof word === "string" ? word.trim().toLowerCase() : "";
  return Object.hasOwn(severities, key) ? (severities[key] ?? null) : null;
}

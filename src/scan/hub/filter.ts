import type { Criterion, ListQuery } from "../../db/index.ts";
import { BreakwaterError } from "../../kernel/index.ts";
import { type Severity, severities } from "../severity.ts";

/** What a search in the hub narrows it to; null for everything. Harbor's names, of its `q`. */
export interface HubFilter {
  readonly cve: string | null;
  readonly severity: Severity | null;
  /** Tenths, both ends included. */
  readonly score: { readonly min: number; readonly max: number } | null;
  readonly package: string | null;
  readonly projectId: number | null;
  readonly repository: string | null;
  readonly digest: string | null;
  readonly tag: string | null;
}

const fields = [
  "cve_id",
  "severity",
  "cvss_score_v3",
  "package",
  "project_id",
  "repository_name",
  "digest",
  "tag",
];

/** Throws BAD_REQUEST for fields that there are none of, and for values that do not fit, as Harbor does. */
export function toFilter(criteria: ListQuery["criteria"]): HubFilter {
  const stranger = [...criteria.keys()].find((field) => !fields.includes(field));
  if (stranger !== undefined) {
    throw new BreakwaterError(
      "BAD_REQUEST",
      `Vulnerabilities are not searched for by ${stranger.slice(0, 80)}, but by ${fields.join(", ")}.`,
    );
  }
  const text = (field: string) => {
    const criterion = criteria.get(field);
    if (criterion === undefined) return null;
    if (criterion.kind !== "is") throw invalid(field, "one value");
    return criterion.value;
  };
  const severity = text("severity");
  const projectId = text("project_id");
  if (projectId !== null && !/^\d{1,15}$/.test(projectId)) throw invalid("project_id", "a number");
  return {
    cve: text("cve_id"),
    severity: severity === null ? null : toSeverity(severity),
    score: toScore(criteria.get("cvss_score_v3")),
    package: text("package"),
    projectId: projectId === null ? null : Number(projectId),
    repository: text("repository_name"),
    digest: text("digest"),
    tag: text("tag"),
  };
}

function toSeverity(text: string): Severity {
  const severity = severities.find((one) => one.toLowerCase() === text.toLowerCase());
  if (severity === undefined) throw invalid("severity", `one of ${severities.join(", ")}`);
  return severity;
}

function toScore(criterion: Criterion | undefined): HubFilter["score"] {
  if (criterion === undefined) return null;
  if (criterion.kind !== "between") throw invalid("cvss_score_v3", "a range such as [7.0~10.0]");
  const [min, max] = [Number(criterion.min ?? 0), Number(criterion.max ?? 10)];
  if (![min, max].every((score) => score >= 0 && score <= 10))
    throw invalid("cvss_score_v3", "a range from 0 to 10");
  return { min: Math.round(min * 10), max: Math.round(max * 10) };
}

function invalid(field: string, expected: string): BreakwaterError {
  return new BreakwaterError("BAD_REQUEST", `${field} must be ${expected}.`);
}

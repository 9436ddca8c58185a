import { Cvss2, Cvss3P0, Cvss3P1, Cvss4P0 } from "ae-cvss-calculator";
import { Lru } from "../kernel/index.ts";
import type { Cvss } from "./match/finding.ts";

/** CVSS 2 has no prefix of its own; some write one nevertheless. */
const versions = {
  "2.0": Cvss2,
  "3.0": Cvss3P0,
  "3.1": Cvss3P1,
  "4.0": Cvss4P0,
};
const form = /^(?:CVSS:(\d\.\d)\/)?([A-Za-z]+:[A-Za-z]+(?:\/[A-Za-z]+:[A-Za-z]+)*)$/;
/** Three times the longest vector there can be. */
const maxLength = 512;

/** One of CVSS 4 takes half a millisecond, and thousands of vulnerabilities share a vector. */
const known = new Lru<string, { readonly score: number | null }>(20_000);

/**
 * The score, 0 to 10, of a vector of CVSS 2.0, 3.0, 3.1 or 4.0, with all the metrics that it has; null where it is
 * none: a metric is unknown, is there twice, or one that every vector must have is not there.
 */
export function scoreOf(vector: string): number | null {
  if (vector.length > maxLength) return null;
  const remembered = known.get(vector);
  if (remembered !== undefined) return remembered.score;
  const score = calculate(vector);
  known.set(vector, { score });
  return score;
}

/** The score that lists go by, in tenths: Harbor's are of version 3 of CVSS. Null without any. */
export function listedScore(cvss: readonly Cvss[]): number | null {
  const third = cvss.filter(({ version }) => version.startsWith("3."));
  const scores = (third.length > 0 ? third : cvss).map(({ score }) => Math.round(score * 10));
  return scores.length === 0 ? null : Math.max(...scores);
}

function calculate(text: string): number | null {
  const [, version = "2.0", metrics] = form.exec(text.replace(/^\((.*)\)$/, "$1")) ?? [];
  if (metrics === undefined || !isKnown(version)) return null;
  const names = metrics.split("/").map((metric) => metric.split(":", 1)[0]);
  if (new Set(names).size < names.length) return null;
  const vector = new versions[version]();
  try {
    vector.applyVector(metrics);
  } catch {
    return null;
  }
  return vector.isBaseFullyDefined() ? vector.calculateScores().overall : null;
}

function isKnown(version: string): version is keyof typeof versions {
  return Object.hasOwn(versions, version);
}

import type { ImageFinding } from "../match/finding.ts";
import { rankOf } from "../severity.ts";

/** Of two findings of the same vulnerability the one that is rated worse, with the fix that either knows. */
export function worseOf(a: ImageFinding, b: ImageFinding): ImageFinding {
  const worse = rankOf(b.severity) > rankOf(a.severity) ? b : a;
  return { ...worse, fixedVersion: worse.fixedVersion ?? a.fixedVersion ?? b.fixedVersion };
}

import { type ScanFacts, scanObstacles } from "./scan-obstacles.ts";
import type { ScanPolicy } from "./scan-policy.ts";
import { allowed, type Verdict } from "./verdict.ts";

/** What a project's policy makes of what is known of an image. `what` names it: `library/alpine:3.10`. */
export function judgeScan(what: string, facts: ScanFacts, policy: ScanPolicy, now: number): Verdict {
  const obstacles = [...scanObstacles(what, facts, policy, now)];
  if (obstacles.length === 0) return allowed;
  const underWay = facts.summary?.state === "pending" || facts.summary?.state === "running";
  // A new report may lift what is missing; what was found it most likely finds again.
  const mayLift = underWay && obstacles.every(({ kind }) => kind !== "vulnerable");
  return { allowed: false, obstacles, wait: policy.missing === "wait" && mayLift ? policy.waitSeconds : 0 };
}

export type { Obstacle, Verdict } from "./verdict.ts";
export { requireAllowed, Verdicts } from "./verdicts.ts";

export { toDetail } from "./obstacle-detail.ts";
export type { ScanInput, ScanReports } from "./scan-facts.ts";
export type { Obstacle, Verdict } from "./verdict.ts";
export {
  type ArtifactAssessment,
  type Assessment,
  requireAllowed,
  type TaggedArtifact,
  Verdicts,
  type VerdictsOptions,
} from "./verdicts.ts";

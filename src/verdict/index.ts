export type { Obstacle, Verdict } from "./verdict.ts";
export {
  type ArtifactAssessment,
  type Assessment,
  requireAllowed,
  type TaggedArtifact,
  Verdicts,
} from "./verdicts.ts";

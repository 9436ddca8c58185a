export type { Finding, FindingKind, FsckSummary, Outcome, Severity } from "./finding.ts";
export { Fsck, type FsckOptions } from "./fsck.ts";

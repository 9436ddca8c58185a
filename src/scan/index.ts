export {
  createExceptions,
  type Exception,
  type ExceptionServices,
  type ImageNames,
  type ImportedVex,
  type Lifted,
  type Lifting,
  type LiftingRules,
  type NewException,
  type Owner,
} from "./exceptions/index.ts";
export type { Coverage, CoverageState, FindingStatus, ImageFinding } from "./match/finding.ts";
export type { Report, ReportSummary, ScanState } from "./report.ts";
export { rankOf, type Severity, severities } from "./severity.ts";

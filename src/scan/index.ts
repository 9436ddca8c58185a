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
  parseVex,
  vexLimits,
} from "./exceptions/index.ts";
export {
  type Access,
  awaitBuildOrder,
  buildBundle,
  createFeeds,
  type DatabaseOverview,
  type Feed,
  type FeedOverview,
  type Feeds,
  feedsUpdate,
  type Login,
  pushBundle,
} from "./feeds/index.ts";
export { type HubItem, type HubPage, SecurityHub } from "./hub/hub.ts";
export { Images, type ScanOutcome } from "./images/images.ts";
export { type RematchReport, rematch } from "./images/rematch.ts";
export { readLayerAndExit } from "./inventory/index.ts";
export type { Coverage, CoverageState, FindingStatus, ImageFinding } from "./match/finding.ts";
export {
  createScanOrders,
  gapOf,
  readOrder,
  reportForm,
  type ScanOrders,
  toReport,
} from "./orders/index.ts";
export type { Report, ReportSummary, ScanState } from "./report.ts";
export {
  type PushedSbom,
  type SbomDocument,
  Sboms,
  sbomFormats,
  sbomMediaTypes,
} from "./sbom/index.ts";
export { createScan, type Scan, type ScanOptions } from "./scan.ts";
export {
  builtIn,
  builtInMetadata,
  createScanners,
  does,
  type Health,
  type OwnScanner,
  ownScannerOf,
  type Registration,
  type RegistrationSettings,
  type ScannerSummary,
  type Scanners,
  type ScannerWorker,
  type ScanOverview,
  scanAll,
  scannerTypes,
  toHarborReport,
} from "./scanners/index.ts";
export { rankOf, type Severity, severities } from "./severity.ts";

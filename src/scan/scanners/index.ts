import type { Access } from "../../access/index.ts";
import type { ObjectStore } from "../../blobs/index.ts";
import type { Database } from "../../db/index.ts";
import type { AuditLog, Events } from "../../events/index.ts";
import { type Clock, type ProxyChoice, version } from "../../kernel/index.ts";
import { NotRunnableManifests, type Registry } from "../../registry/index.ts";
import { Accessories } from "./accessories.ts";
import { ArtifactReports } from "./artifact-reports.ts";
import { HealthChecks } from "./health.ts";
import { ImageReports } from "./image-reports.ts";
import { scanOnPush } from "./on-push.ts";
import type { OwnScanner } from "./own-scanner.ts";
import { Registrations } from "./registrations.ts";
import { type Run, Runs } from "./runs.ts";
import { purgeFindings } from "./scanner-findings.ts";
import { ScannerReports } from "./scanner-reports.ts";
import { Scans } from "./scans.ts";
import { SecretBox } from "./secret-box.ts";
import { Subjects } from "./subject.ts";
import { Sweep } from "./sweep.ts";
import { ScannerWorker } from "./worker.ts";

export { type AdapterMetadata, does, type Maker } from "./adapter/metadata.ts";
export type { ArtifactFinding, ArtifactReport, ArtifactReports, AskedArtifact } from "./artifact-reports.ts";
export type { Health, HealthChecks } from "./health.ts";
export type { ImageReports } from "./image-reports.ts";
export { type ScanKind, scannerTypes } from "./media-types.ts";
export type { ScanOverview, ScanStatus } from "./overview.ts";
export { ownScannerOf } from "./own-images.ts";
export { builtInMetadata } from "./own-metadata.ts";
export type { OwnScanner } from "./own-scanner.ts";
export {
  type AdapterAccess,
  builtIn,
  type Registration,
  type RegistrationSettings,
} from "./registration.ts";
export type { Registrations } from "./registrations.ts";
export { toHarborReport } from "./reports/harbor-report.ts";
export type { ScannerSummary } from "./scanner-reports.ts";
export type { Scans } from "./scans.ts";
export { type Sweep, scanAll } from "./sweep.ts";
export type { ScannerWorker } from "./worker.ts";

export interface ScannersOptions {
  readonly database: Database;
  readonly objects: ObjectStore;
  readonly audit: AuditLog;
  readonly clock: Clock;
  readonly events: Events;
  readonly access: Pick<Access, "temporaryRobots" | "tokens" | "robots">;
  readonly registry: Pick<Registry, "uploads" | "manifests">;
  readonly own: OwnScanner;
  /** The installation's: credentials of adapters are encrypted with a key that comes from it. */
  readonly secret: Uint8Array;
  /** Where scanners pull from: what clients call this server, and its own listener. */
  readonly proxy: (url: URL) => ProxyChoice;
  readonly registryUrl: { readonly external: string; readonly internal: string };
}

/** Other people's scanners beside the built-in one: which there are, what they are asked, and what all of them say. */
export interface Scanners {
  readonly registrations: Registrations;
  readonly health: HealthChecks;
  readonly scans: Scans;
  readonly sweep: Sweep;
  /** By image: what verdicts need. */
  readonly reports: ImageReports;
  /** By artifact: what Harbor's clients ask for. */
  readonly artifacts: ArtifactReports;
  /** Forgets what reports have said that no longer stand; answers how much. */
  purge(): Promise<number>;
  /** This process's share of the work; `onError` is told of failures that are none of a scanner's. */
  worker(onError: (error: unknown, run: Run | null) => void): ScannerWorker;
}

export function createScanners(options: ScannersOptions): Scanners {
  const { database, objects, audit, clock, events, access, own, registryUrl } = options;
  const registrations = new Registrations(
    database,
    audit,
    clock,
    new SecretBox(options.secret),
    options.proxy,
  );
  const runs = new Runs(database, clock);
  const foreign = new ScannerReports(database);
  const subjects = new Subjects(database, new NotRunnableManifests(database, objects));
  const reports = new ImageReports(registrations, foreign, own, version);
  scanOnPush(events, runs);
  return {
    registrations,
    health: new HealthChecks(clock),
    scans: new Scans({ database, audit, registrations, runs, subjects, own }),
    sweep: new Sweep({ database, registrations, runs, own }),
    reports,
    artifacts: new ArtifactReports(database, registrations, reports, foreign, subjects),
    purge: () => purgeFindings(database),
    worker: (onError) =>
      new ScannerWorker({
        runs,
        registrations,
        reports: foreign,
        subjects,
        access,
        accessories: new Accessories(options.registry),
        own,
        clock,
        registryUrl,
        onError,
      }),
  };
}

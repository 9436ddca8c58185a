import type { Report, ReportSummary, SweepCounts } from "../report.ts";
import type { ScanSubject } from "./subject.ts";

/** The built-in scanner, as those who do not care which scanner a project uses see it. */
export interface OwnScanner {
  /** Has images scanned again; `sweep` is the job that asks. */
  request(manifestIds: readonly number[], sweep?: number): Promise<void>;
  /** Takes images that still wait out of the queue. */
  stop(manifestIds: readonly number[]): Promise<void>;
  /** The same with all that a job has asked for. */
  stopSweep(sweep: number): Promise<void>;
  /** How far those are that a job has asked for. */
  ofSweep(sweep: number): Promise<SweepCounts>;
  summaries(manifestIds: readonly number[]): Promise<ReadonlyMap<number, ReportSummary>>;
  /** Null for what it does not know. */
  report(manifestId: number): Promise<Report | null>;
  /** An SPDX document of what is inside the image, as of `at`. Throws PRECONDITION while it has not been read. */
  sbom(subject: ScanSubject, at: number): Promise<Uint8Array>;
}

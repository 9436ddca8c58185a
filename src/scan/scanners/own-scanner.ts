import type { Report, ReportSummary } from "../report.ts";
import type { ScanSubject } from "./subject.ts";

/** The built-in scanner, as those who do not care which scanner a project uses see it. */
export interface OwnScanner {
  /** Has images scanned again. */
  request(manifestIds: readonly number[]): Promise<void>;
  /** Takes images that still wait out of the queue; of all images where none are named. */
  stop(manifestIds?: readonly number[]): Promise<void>;
  /** How many of the images that were asked for since then are in which state. Milliseconds since 1970. */
  progressSince(at: number): Promise<Readonly<Record<"pending" | "running" | "failed" | "done", number>>>;
  summaries(manifestIds: readonly number[]): Promise<ReadonlyMap<number, ReportSummary>>;
  /** Null for what it does not know. */
  report(manifestId: number): Promise<Report | null>;
  /** An SPDX document of what is inside the image, as of `at`. Throws PRECONDITION while it has not been read. */
  sbom(subject: ScanSubject, at: number): Promise<Uint8Array>;
}

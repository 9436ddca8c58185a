import type { OwnScanner, Report, ReportSummary } from "../../../src/scan/index.ts";

/** A built-in scanner whose answers the test writes. */
export class WrittenScanner implements OwnScanner {
  readonly reports = new Map<number, Report>();
  readonly requested: number[] = [];
  readonly stopped: (readonly number[])[] = [];
  readonly stoppedSweeps: number[] = [];
  progress = { pending: 0, running: 0, success: 0, error: 0, stopped: 0 };
  document: Uint8Array = new TextEncoder().encode('{"spdxVersion":"SPDX-2.3"}');

  async request(manifestIds: readonly number[]): Promise<void> {
    this.requested.push(...manifestIds);
  }

  async stop(manifestIds: readonly number[]): Promise<void> {
    this.stopped.push(manifestIds);
  }

  async stopSweep(sweep: number): Promise<void> {
    this.stoppedSweeps.push(sweep);
  }

  async ofSweep() {
    return this.progress;
  }

  async summaries(manifestIds: readonly number[]): Promise<ReadonlyMap<number, ReportSummary>> {
    const known = manifestIds.filter((id) => this.reports.has(id));
    return new Map(known.map((id) => [id, this.reports.get(id) as Report]));
  }

  async report(manifestId: number): Promise<Report | null> {
    return this.reports.get(manifestId) ?? null;
  }

  async sbom(): Promise<Uint8Array> {
    return this.document;
  }
}

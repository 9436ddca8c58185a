import { type Clock, second } from "../../kernel/index.ts";
import { AdapterError } from "./adapter/adapter-error.ts";
import { type ForeignScanOptions, longestScan, scanForeign } from "./foreign-scan.ts";
import { type OwnScanOptions, sbomOfOwn } from "./own-sbom.ts";
import { builtIn } from "./registration.ts";
import type { Registrations } from "./registrations.ts";
import type { Run, Runs } from "./runs.ts";
import type { ScannerReports } from "./scanner-reports.ts";
import type { Subjects } from "./subject.ts";

/** Scans of one scanner that a process waits for at once: the work is the scanners', and one that hangs stops no other. */
const parallel = 4;
const lookEvery = second;
const renewEvery = 15 * second;
/** Characters of a log. */
const maxLog = 65_536;

export interface WorkerOptions extends ForeignScanOptions, OwnScanOptions {
  readonly runs: Runs;
  readonly registrations: Registrations;
  readonly reports: ScannerReports;
  readonly subjects: Subjects;
  readonly clock: Clock;
  /** Told of failures that are none of a scanner's. */
  readonly onError: (error: unknown, run: Run | null) => void;
}

class Interrupted extends Error {}

/** Does this process's share of what is asked of scanners. */
export class ScannerWorker {
  readonly #options: WorkerOptions;
  readonly #holder = crypto.randomUUID();
  /** What is under way, each with its scanner. */
  readonly #active = new Map<Promise<void>, string>();
  readonly #stopping = new AbortController();
  #timer: Timer | undefined;
  #looking: Promise<void> = Promise.resolve();

  constructor(options: WorkerOptions) {
    this.#options = options;
  }

  start(): void {
    this.#timer = setTimeout(() => {
      this.#looking = this.#look().finally(() => {
        if (!this.#stopping.signal.aborted) this.start();
      });
    }, lookEvery);
  }

  /** Resolves when what was under way has been given back. */
  async stop(): Promise<void> {
    this.#stopping.abort(new Interrupted());
    clearTimeout(this.#timer);
    await this.#looking;
    await Promise.all(this.#active.keys());
  }

  async #look(): Promise<void> {
    const { runs, onError } = this.#options;
    try {
      while (!this.#stopping.signal.aborted) {
        const run = await runs.take(this.#holder, this.#busy());
        if (run === null) return;
        const work = this.#perform(run).finally(() => this.#active.delete(work));
        this.#active.set(work, run.scanner);
      }
    } catch (error) {
      onError(error, null);
    }
  }

  /** The scanners of which this process has as many scans as it waits for. */
  #busy(): readonly string[] {
    const scans = Map.groupBy(this.#active.values(), (scanner) => scanner);
    return [...scans].filter(([, of]) => of.length >= parallel).map(([scanner]) => scanner);
  }

  async #perform(run: Run): Promise<void> {
    const { runs, onError } = this.#options;
    const log = new RunLog(this.#options.clock);
    const stopped = new AbortController();
    const renewal = setInterval(async () => {
      const mine = await runs.renew(run.id, this.#holder, log.text).catch(() => true);
      if (!mine) stopped.abort(new Interrupted());
    }, renewEvery);
    const signal = AbortSignal.any([stopped.signal, this.#stopping.signal]);
    try {
      await this.#scan(run, signal, log);
    } catch (error) {
      if (signal.aborted) {
        if (this.#stopping.signal.aborted) await runs.release(run.id, this.#holder).catch(() => {});
        return;
      }
      const sentence = sentenceOf(error);
      if (sentence === null) onError(error, run);
      const failure = sentence ?? "The scan failed on this server; its log tells more.";
      if (error instanceof AdapterError) log.quote(error.answer);
      log.note(failure);
      await runs.fail(run.id, this.#holder, failure, log.text).catch((cause) => onError(cause, run));
    } finally {
      clearInterval(renewal);
    }
  }

  async #scan(run: Run, signal: AbortSignal, log: RunLog): Promise<void> {
    const { runs, registrations, reports, subjects } = this.#options;
    const note = (line: string) => log.note(line);
    const subject = await subjects.get(run.manifestId);
    if (subject === null) return runs.drop(run.id);
    const registration = await registrations.get(run.scanner);
    if (registration.disabled) throw new AdapterError(`The scanner "${registration.name}" is disabled.`);
    const standing = (await reports.summaries(registration, run.kind, [run.manifestId])).get(run.manifestId);
    const previousAccessory = standing?.accessory ?? null;
    const report =
      registration.uuid === builtIn.uuid
        ? await sbomOfOwn(this.#options, { subject, previousAccessory, signal, note })
        : await scanForeign(this.#options, {
            run,
            subject,
            registration,
            access: await registrations.accessTo(registration),
            previousAccessory,
            signal,
            note,
          });
    log.note("Finished.");
    await runs.finish(run, this.#holder, report, log.text);
  }
}

/** What a run writes down for people. */
class RunLog {
  readonly #clock: Clock;
  text = "";

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  note(line: string): void {
    if (this.text.length > maxLog) return;
    const printable = line.replace(/\p{Cc}+/gu, " ").slice(0, 1000);
    this.text += `${new Date(this.#clock()).toISOString()} ${printable}\n`;
  }

  /** What somebody else has written, of which the end tells most. */
  quote(text: string): void {
    for (const line of text.slice(-maxLog / 4).split("\n")) if (line.trim() !== "") this.note(line);
  }
}

/** What a scan that came to nothing says; null for what is a failure of this server's. */
function sentenceOf(error: unknown): string | null {
  if (error instanceof AdapterError || (error as { name?: string }).name === "BreakwaterError") {
    return (error as Error).message;
  }
  const timedOut = error instanceof DOMException && error.name === "TimeoutError";
  return timedOut ? `The scanner had not ended after ${longestScan / (60 * second)} minutes.` : null;
}

import { isRefusal, second } from "../kernel/index.ts";
import type { Job, JobHandler } from "./job.ts";
import type { JobQueue } from "./queue.ts";
import type { Schedules } from "./schedules.ts";

/** How often the queue is looked at. */
const pollEvery = second;
const renewEvery = 30 * second;

/** The process is going down; the job is for the next one. */
class Interrupted extends Error {}

export interface RunnerOptions {
  readonly queue: JobQueue;
  readonly schedules: Schedules;
  readonly handlers: ReadonlyMap<string, JobHandler>;
  /** Told of each job that failed, and of a queue that cannot be read. */
  readonly onError: (error: unknown, job: Job | null) => void;
}

/** Runs this process's share of the jobs, one at a time: background work must not crowd out requests. */
export class JobRunner {
  readonly #options: RunnerOptions;
  readonly #holder = crypto.randomUUID();
  #stopping = false;
  #timer: Timer | undefined;
  #running: Promise<void> = Promise.resolve();

  constructor(options: RunnerOptions) {
    this.#options = options;
  }

  start(): void {
    this.#timer = setTimeout(() => {
      this.#running = this.#poll().finally(() => {
        if (!this.#stopping) this.start();
      });
    }, pollEvery);
  }

  /** Resolves when the job under way has come to a point where it can end; it is taken up again later. */
  async stop(): Promise<void> {
    this.#stopping = true;
    clearTimeout(this.#timer);
    await this.#running;
  }

  async #poll(): Promise<void> {
    const { queue, schedules, handlers, onError } = this.#options;
    try {
      await schedules.tick();
      for (;;) {
        const job = this.#stopping ? null : await queue.take(this.#holder, [...handlers.keys()]);
        if (job === null) return;
        await this.#run(job);
      }
    } catch (error) {
      onError(error, null);
    }
  }

  async #run(job: Job): Promise<void> {
    const { queue, handlers, onError } = this.#options;
    const handler = handlers.get(job.kind);
    if (handler === undefined) return;
    const lines: string[] = [];
    const renewal = setInterval(
      () => queue.renew(job.id, this.#holder, lines.join("\n")).catch(() => {}),
      renewEvery,
    );
    const note = (line: string) => lines.push(`${new Date().toISOString()} ${line}`);
    try {
      const report = await handler({
        job,
        log: note,
        progress: async (report) => {
          await queue.renew(job.id, this.#holder, lines.join("\n"), report);
          if (this.#stopping) throw new Interrupted();
        },
      });
      note("Finished.");
      await queue.finish(job.id, this.#holder, {
        state: "success",
        report,
        error: null,
        log: lines.join("\n"),
      });
    } catch (error) {
      if (error instanceof Interrupted) {
        await queue.release(job.id, this.#holder);
        return;
      }
      // Stopped by somebody: the row says so already.
      if (isRefusal(error, "CONFLICT")) return;
      onError(error, job);
      const message = error instanceof Error ? error.message : String(error);
      note(message);
      await queue.finish(job.id, this.#holder, {
        state: "error",
        report: undefined,
        error: message,
        log: lines.join("\n"),
      });
    } finally {
      clearInterval(renewal);
    }
  }
}

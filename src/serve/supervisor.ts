import type { Subprocess } from "bun";
import type { Config } from "../config/index.ts";
import type { Logger } from "../http/index.ts";
import { ownCommandLine, second } from "../kernel/index.ts";
import type { MetricsSource } from "./metrics.ts";

/** The variable by which a process knows that it is one of several. */
const variable = "BREAKWATER_WORKER";
/** How long to wait before a worker that ended is started again. */
const restartPause = second;
/** A worker that does not answer in this time is left out of the metrics. */
const answerTime = 2 * second;

/** This process's number, when it works under a supervisor; null when it is its own. */
export function workerNumber(): number | null {
  const number = process.env[variable];
  return number === undefined ? null : Number(number);
}

/** Between supervisor and worker. */
type FromWorker = { readonly ready: true } | { readonly metrics: object[] };

/** Several processes that serve one data directory, each started again when it ends. */
export interface Supervisor {
  readonly metrics: MetricsSource;
  stop(): Promise<void>;
}

/** Starts the workers; resolves when all of them serve. Rejects when one ends before that. */
export async function supervise(config: Config, log: Logger): Promise<Supervisor> {
  const workers = new Map<number, Subprocess>();
  const answers = new Map<Subprocess, (metrics: object[]) => void>();
  let stopping = false;

  function start(number: number): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const worker = Bun.spawn(ownCommandLine(), {
      env: { ...process.env, [variable]: String(number) },
      stdio: ["ignore", "inherit", "inherit"],
      ipc(message: FromWorker, from) {
        if ("ready" in message) resolve();
        else answers.get(from)?.(message.metrics);
      },
      onExit(_process, code, signal) {
        reject(new Error(`Worker ${number} ended at its start (code ${code}); its log says why.`));
        if (stopping) return;
        log.error({ worker: number, code, signal }, "A worker ended; it is started again.");
        setTimeout(() => {
          if (!stopping) start(number).catch(() => {});
        }, restartPause);
      },
    });
    workers.set(number, worker);
    return promise;
  }

  async function stop(): Promise<void> {
    stopping = true;
    for (const worker of workers.values()) worker.kill("SIGTERM");
    await Promise.all([...workers.values()].map((worker) => worker.exited));
  }

  try {
    await Promise.all(Array.from({ length: config.workers }, (_, index) => start(index + 1)));
  } catch (error) {
    await stop();
    throw error;
  }
  process.on("SIGHUP", () => {
    for (const worker of workers.values()) worker.kill("SIGHUP");
  });
  const ask = (worker: Subprocess) =>
    new Promise<object[]>((resolve) => {
      answers.set(worker, resolve);
      setTimeout(() => resolve([]), answerTime);
      try {
        worker.send({ metrics: true });
      } catch {
        // It has just ended; another takes its place.
        resolve([]);
      }
    });
  let asked: Promise<object[][]> | undefined;
  return {
    stop,
    // Who asks while an answer is awaited gets the same one: workers do not say what they answer to.
    metrics() {
      asked ??= Promise.all([...workers.values()].map(ask)).finally(() => {
        asked = undefined;
      });
      return asked;
    },
  };
}

/** The worker's side: says that it serves, answers for its metrics, and ends with its supervisor. */
export function answerSupervisor(metrics: () => Promise<object[]>): void {
  process.on("message", async () => {
    process.send?.({ metrics: await metrics() } satisfies FromWorker);
  });
  process.on("disconnect", () => process.kill(process.pid, "SIGTERM"));
  process.send?.({ ready: true } satisfies FromWorker);
}

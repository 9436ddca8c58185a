import type { Config } from "../config/index.ts";
import { createLog } from "../http/index.ts";
import { printBanner } from "./banner.ts";
import { serveMetrics } from "./metrics.ts";
import { prepare } from "./prepare.ts";
import { answerSupervisor, supervise, workerNumber } from "./supervisor.ts";
import { startWorker } from "./worker.ts";

export { bundleAccess, feedsOf } from "./configured-feeds.ts";
export { databaseFile } from "./database.ts";
export { type Move, moveInstallation } from "./move.ts";
export { openServices, type Services } from "./services.ts";

/** Runs the registry until the process is told to stop: in this process, or in several below it. */
export async function serve(config: Config, warnings: readonly string[]): Promise<void> {
  const number = workerNumber();
  const log =
    number === null
      ? await createLog(config.log, "breakwater")
      : await createLog(config.log, `breakwater-worker-${number}`, { worker: number });
  if (number !== null) {
    const worker = await startWorker(config, log);
    answerSupervisor(() => worker.metrics.registry.getMetricsAsJSON());
    return untilStopped(() => worker.stop());
  }

  for (const warning of warnings) log.warn(warning);
  const { generatedPassword } = await prepare(config);
  if (config.workers === 1) {
    const worker = await startWorker(config, log);
    serveMetrics(config, async () => [await worker.metrics.registry.getMetricsAsJSON()], log);
    await printBanner(config, generatedPassword);
    return untilStopped(() => worker.stop());
  }
  const supervisor = await supervise(config, log);
  serveMetrics(config, supervisor.metrics, log);
  await printBanner(config, generatedPassword);
  return untilStopped(() => supervisor.stop());
}

/** Resolves when a signal has come and `stop` has ended; a second signal ends the process at once. */
async function untilStopped(stop: () => Promise<void>): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  let asked = false;
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    process.on(signal, () => {
      if (asked) process.exit(1);
      asked = true;
      resolve();
    });
  }
  await promise;
  await stop();
  process.exit(0);
}

import { hostname } from "node:os";
import type { Config } from "../config/index.ts";
import { type Logger, Metrics } from "../http/index.ts";
import { systemClock, version } from "../kernel/index.ts";
import { registerFeedMetrics } from "./feed-metrics.ts";
import { openListeners } from "./listeners.ts";
import { announce } from "./presence.ts";
import { ScanMetrics } from "./scan-metrics.ts";
import { openServices } from "./services.ts";
import { startTasks } from "./tasks.ts";
import { TrustMetrics } from "./trust-metrics.ts";

/** A process that answers requests and does its share of the background work. */
export interface Worker {
  readonly metrics: Metrics;
  /** Lets requests end, or come to where they can be resumed, and writes what was gathered. */
  stop(): Promise<void>;
}

export async function startWorker(config: Config, log: Logger): Promise<Worker> {
  const metrics = new Metrics();
  const services = await openServices(config);
  const who = `${hostname()} (process ${process.pid})`;
  const presence = await announce(services.database, systemClock, who);
  const listeners = await openListeners(config, services, log, metrics, version);
  const trustMetrics = new TrustMetrics(metrics.registry, services.trust);
  const scanMetrics = new ScanMetrics(metrics.registry, services.scan);
  registerFeedMetrics(metrics.registry, services.feeds);
  const tasks = await startTasks(services, config, log, { trust: trustMetrics, scan: scanMetrics });
  return {
    metrics,
    async stop() {
      await listeners.stop();
      await tasks.stop();
      await presence[Symbol.asyncDispose]();
      await services[Symbol.asyncDispose]();
    },
  };
}

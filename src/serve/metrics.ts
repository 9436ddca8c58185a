import { AggregatorRegistry, Registry } from "prom-client";
import type { Config } from "../config/index.ts";
import type { Logger } from "../http/index.ts";

/** What each process knows, as `Registry.getMetricsAsJSON` gives it. */
export type MetricsSource = () => Promise<readonly object[][]>;

/** Serves Prometheus's metrics of all processes together, on a listener of their own. */
export function serveMetrics(config: Config, source: MetricsSource, log: Logger): void {
  const { enabled, address, port, path } = config.metric;
  if (!enabled) return;
  try {
    const server = Bun.serve({
      hostname: address,
      port,
      async fetch(request) {
        if (new URL(request.url).pathname !== path) return new Response("Not found\n", { status: 404 });
        const all = AggregatorRegistry.aggregate([...(await source())]);
        return new Response(await all.metrics(), {
          headers: { "Content-Type": Registry.PROMETHEUS_CONTENT_TYPE },
        });
      },
    });
    // What is asked for metrics must not keep a stopping process alive.
    server.unref();
  } catch (error) {
    // Prometheus itself likes this port: no reason not to serve images.
    log.warn(
      { err: error, port },
      "The port for metrics is taken; set metric.port. Going on without metrics.",
    );
  }
}

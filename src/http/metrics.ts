import { Gauge, Histogram, Registry } from "prom-client";

/** The metrics of one process, in Prometheus's terms. */
export class Metrics {
  readonly registry = new Registry();
  readonly #requests = new Histogram({
    name: "breakwater_http_request_duration_seconds",
    help: "How long requests took until their answer began, by route, method and status.",
    labelNames: ["route", "method", "code"],
    buckets: [0.001, 0.005, 0.025, 0.1, 0.5, 2.5, 10, 60, 300],
    registers: [this.registry],
  });

  constructor() {
    new Gauge({
      name: "breakwater_resident_memory_bytes",
      help: "Resident memory of the processes.",
      registers: [this.registry],
      collect() {
        this.set(process.memoryUsage.rss());
      },
    });
  }

  countRequest(route: string, method: string, status: number, seconds: number): void {
    this.#requests.observe({ route, method, code: String(status) }, seconds);
  }
}

import { Gauge, Registry } from "prom-client";
import { RequestDurations } from "./request-durations.ts";

/** The metrics of one process, in Prometheus's terms. */
export class Metrics {
  readonly registry = new Registry();
  readonly #durations = new RequestDurations(this.registry);

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
    this.#durations.add(route, method, status, seconds);
  }
}

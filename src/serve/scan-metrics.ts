import { Counter, Gauge, Histogram, type Registry } from "prom-client";
import { second } from "../kernel/index.ts";
import type { RematchReport, Scan, ScanOutcome } from "../scan/index.ts";

/** What the built-in scanner does, in Prometheus's terms. What all processes know alike is taken from one of them. */
export class ScanMetrics {
  readonly #scans: Counter<"outcome">;
  readonly #duration: Histogram;
  readonly #vulnerable: Counter;

  constructor(registry: Registry, { images }: Pick<Scan, "images">) {
    const registers = [registry];
    this.#scans = new Counter({
      name: "breakwater_image_scans_total",
      help: "Images that were looked into, by outcome: success, or failure of an attempt.",
      labelNames: ["outcome"],
      registers,
    });
    this.#duration = new Histogram({
      name: "breakwater_image_scan_duration_seconds",
      help: "How long it took to look into an image, its layers that were not known included.",
      buckets: [0.01, 0.05, 0.25, 1, 5, 30, 120, 600],
      registers,
    });
    this.#vulnerable = new Counter({
      name: "breakwater_images_became_vulnerable_total",
      help: "Images that were pulled once and of which more was found when they were matched again.",
      registers,
    });
    new Gauge({
      name: "breakwater_image_scans_waiting",
      help: "Images that wait to be looked into, or are under way; NaN while the database does not answer.",
      registers,
      aggregator: "max",
      async collect() {
        this.set(await images.waiting().catch(() => Number.NaN));
      },
    });
  }

  count({ error, duration }: ScanOutcome): void {
    this.#scans.inc({ outcome: error === null ? "success" : "failure" });
    this.#duration.observe(duration / second);
  }

  countRematch({ vulnerable }: RematchReport): void {
    this.#vulnerable.inc(vulnerable);
  }
}

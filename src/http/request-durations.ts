import { Histogram, type MetricObjectWithValues, type MetricValueWithName, type Registry } from "prom-client";
import { Tallies } from "./tallies.ts";

type Label = "route" | "method" | "code";

interface Tally {
  readonly labels: Readonly<Record<Label, string>>;
  /** How many took as long as each of the bounds allows and the bound before it does not; the last: longer than all. */
  readonly counts: number[];
  seconds: number;
}

const name = "breakwater_http_request_duration_seconds";
/** Seconds. */
const bounds = [0.001, 0.005, 0.025, 0.1, 0.5, 2.5, 10, 60, 300];

/**
 * How long requests took. The library's histogram, but for how an observation gets into it: looking up its labels
 * there is a tenth of what a small request costs.
 */
export class RequestDurations extends Histogram<Label> {
  readonly #tallies = new Tallies<Tally>((route, method, status) => ({
    labels: { route, method, code: String(status) },
    counts: new Array(bounds.length + 1).fill(0),
    seconds: 0,
  }));

  constructor(registry: Registry) {
    super({
      name,
      help: "How long requests took until their answer began, by route, method and status.",
      labelNames: ["route", "method", "code"],
      buckets: bounds,
      registers: [registry],
    });
  }

  add(route: string, method: string, status: number, seconds: number): void {
    const tally = this.#tallies.of(route, method, status);
    let at = 0;
    while (at < bounds.length && seconds > (bounds[at] as number)) at++;
    tally.counts[at] = (tally.counts[at] as number) + 1;
    tally.seconds += seconds;
  }

  override async get(): Promise<MetricObjectWithValues<MetricValueWithName<Label>>> {
    return {
      ...(await super.get()),
      values: [...this.#tallies.values()].flatMap((tally) => this.#values(tally)),
    };
  }

  /** Prometheus's exposition format, "Histograms and summaries": each bucket has what those before it have. */
  #values({ labels, counts, seconds }: Tally): MetricValueWithName<Label>[] {
    let count = 0;
    const buckets = counts.map((added, at) => {
      count += added;
      return {
        labels: { le: bounds[at] ?? "+Inf", ...labels },
        value: count,
        metricName: `${name}_bucket`,
      };
    });
    return [
      ...buckets,
      { labels, value: seconds, metricName: `${name}_sum` },
      { labels, value: count, metricName: `${name}_count` },
    ];
  }
}

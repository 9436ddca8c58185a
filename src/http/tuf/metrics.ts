import { Counter, type Registry } from "prom-client";

/** Adds what one request to an operation took of something. */
type Observe = (operation: string, value: number) => void;

/** Notary's metrics by their names (the contract, section 7), so that its dashboards and alerts go on working. */
export class TufMetrics {
  readonly #requests: Counter<"operation" | "method" | "code">;
  readonly #duration: Observe;
  readonly #requestSize: Observe;
  readonly #responseSize: Observe;

  constructor(registry: Registry) {
    this.#requests = new Counter({
      name: "notary_server_http_requests_total",
      help: "Requests to Notary's API, by operation, method and status.",
      labelNames: ["operation", "method", "code"],
      registers: [registry],
    });
    const observe = (name: string, help: string) => summary(registry, `notary_server_http_${name}`, help);
    this.#duration = observe("request_duration_microseconds", "How long requests to Notary's API took.");
    this.#requestSize = observe("request_size_bytes", "The bodies of requests to Notary's API.");
    this.#responseSize = observe("response_size_bytes", "The bodies of answers of Notary's API.");
  }

  /** `seconds` until the answer began. */
  count(operation: string, request: Request, response: Response, seconds: number): void {
    const method = request.method.toLowerCase();
    this.#requests.inc({ operation, method, code: String(response.status) });
    this.#duration(operation, seconds * 1e6);
    this.#requestSize(operation, lengthOf(request.headers));
    this.#responseSize(operation, lengthOf(response.headers));
  }
}

/**
 * A summary as far as those of several processes can be put together: sums and counts, without quantiles. The
 * library's own keeps what it takes to tell quantiles all the same, at a tenth of what a request costs.
 */
function summary(registry: Registry, name: string, help: string): Observe {
  const totals = new Map<string, { sum: number; count: number }>();
  for (const part of ["sum", "count"] as const) {
    new Counter({
      name: `${name}_${part}`,
      help,
      labelNames: ["operation"],
      registers: [registry],
      collect() {
        this.reset();
        for (const [operation, total] of totals) this.inc({ operation }, total[part]);
      },
    });
  }
  return (operation, value) => {
    const total = totals.get(operation);
    if (total === undefined) totals.set(operation, { sum: value, count: 1 });
    else {
      total.sum += value;
      total.count++;
    }
  };
}

function lengthOf(headers: Headers): number {
  return Number(headers.get("content-length") ?? 0);
}

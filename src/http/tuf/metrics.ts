import { Counter, type Registry } from "prom-client";
import { Tallies } from "../tallies.ts";

/** What was answered to all requests that are counted together. */
interface Total {
  readonly labels: { readonly operation: string; readonly method: string; readonly code: string };
  count: number;
  microseconds: number;
  requestBytes: number;
  responseBytes: number;
}

/**
 * Notary's metrics by their names (the contract, section 7), so that its dashboards and alerts go on working. They are
 * added up here and told to the library when somebody asks: its own look-ups are a tenth of what a request costs.
 */
export class TufMetrics {
  readonly #totals = new Tallies<Total>((operation, method, status) => ({
    labels: { operation, method: method.toLowerCase(), code: String(status) },
    count: 0,
    microseconds: 0,
    requestBytes: 0,
    responseBytes: 0,
  }));

  constructor(registry: Registry) {
    const totals = this.#totals;
    new Counter({
      name: "notary_server_http_requests_total",
      help: "Requests to Notary's API, by operation, method and status.",
      labelNames: ["operation", "method", "code"],
      registers: [registry],
      collect() {
        this.reset();
        for (const { labels, count } of totals.values()) this.inc(labels, count);
      },
    });
    // A summary as far as those of several processes can be put together: sums and counts, without quantiles.
    const summarise = (name: string, help: string, sum: (total: Total) => number) => {
      for (const [part, read] of [["sum", sum] as const, ["count", countOf] as const]) {
        new Counter({
          name: `notary_server_http_${name}_${part}`,
          help,
          labelNames: ["operation"],
          registers: [registry],
          collect() {
            this.reset();
            for (const total of totals.values()) this.inc({ operation: total.labels.operation }, read(total));
          },
        });
      }
    };
    summarise(
      "request_duration_microseconds",
      "How long requests to Notary's API took.",
      (t) => t.microseconds,
    );
    summarise("request_size_bytes", "The bodies of requests to Notary's API.", (t) => t.requestBytes);
    summarise("response_size_bytes", "The bodies of answers of Notary's API.", (t) => t.responseBytes);
  }

  /** `seconds` until the answer began; `size`: bytes of its body. */
  count(operation: string, request: Request, status: number, size: number, seconds: number): void {
    const { method } = request;
    const total = this.#totals.of(operation, method, status);
    total.count++;
    total.microseconds += seconds * 1e6;
    // Of a length that is given twice nothing is known, and a sum with it would be none for ever.
    if (method !== "GET") total.requestBytes += Number(request.headers.get("content-length")) || 0;
    total.responseBytes += size;
  }
}

const countOf = ({ count }: Total) => count;

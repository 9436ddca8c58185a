import { Counter, type Registry, Summary } from "prom-client";

/** Notary's metrics by their names (the contract, section 7), so that its dashboards and alerts go on working. */
export class TufMetrics {
  readonly #requests: Counter<"operation" | "method" | "code">;
  readonly #durations: Summary<"operation">;
  readonly #requestSizes: Summary<"operation">;
  readonly #responseSizes: Summary<"operation">;

  constructor(registry: Registry) {
    const registers = [registry];
    this.#requests = new Counter({
      name: "notary_server_http_requests_total",
      help: "Requests to Notary's API, by operation, method and status.",
      labelNames: ["operation", "method", "code"],
      registers,
    });
    // Quantiles of several processes cannot be put together; sums and counts can.
    const summary = (name: string, help: string) =>
      new Summary({ name, help, labelNames: ["operation"], percentiles: [], registers });
    this.#durations = summary(
      "notary_server_http_request_duration_microseconds",
      "How long requests to Notary's API took.",
    );
    this.#requestSizes = summary(
      "notary_server_http_request_size_bytes",
      "The bodies of requests to Notary's API.",
    );
    this.#responseSizes = summary(
      "notary_server_http_response_size_bytes",
      "The bodies of answers of Notary's API.",
    );
  }

  /** `seconds` until the answer began. */
  count(operation: string, request: Request, response: Response, seconds: number): void {
    const method = request.method.toLowerCase();
    this.#requests.inc({ operation, method, code: String(response.status) });
    this.#durations.observe({ operation }, seconds * 1e6);
    this.#requestSizes.observe({ operation }, lengthOf(request.headers));
    this.#responseSizes.observe({ operation }, lengthOf(response.headers));
  }
}

function lengthOf(headers: Headers): number {
  return Number(headers.get("content-length") ?? 0);
}

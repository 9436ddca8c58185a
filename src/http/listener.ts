import type { Server } from "bun";
import { Hono } from "hono";
import { BreakwaterError } from "../kernel/index.ts";
import type { RequestOrigin } from "./authenticate.ts";
import { asRefusal, statusOf, toResponse } from "./errors.ts";
import { type Entrance, Exchange } from "./exchange.ts";
import type { Logger } from "./log.ts";
import type { Metrics } from "./metrics.ts";
import { handleOci, parsePath } from "./oci/routes.ts";
import type { OciServices } from "./oci/services.ts";
import { isTrustPath } from "./tuf/operations.ts";
import { handleTuf } from "./tuf/routes.ts";
import type { TufServices } from "./tuf/services.ts";

export interface ListenerOptions extends Entrance {
  readonly oci: OciServices;
  /** Notary's API, on its own paths. */
  readonly tuf: TufServices;
  /** True of a listener that serves Notary's API and nothing else. */
  readonly tufOnly: boolean;
  /** Harbor's REST API, below `/api/`. */
  readonly api: RestApp;
  /** Small apps that name their whole paths and throw their refusals. */
  readonly others: readonly RestApp[];
  readonly log: Logger;
  readonly metrics: Metrics;
}

// biome-ignore lint/suspicious/noExplicitAny: Hono's schema type differs from app to app and says nothing here.
export type RestApp = Hono<{ Bindings: RequestOrigin }, any>;

/** Methods that have a metric of their own; what else a client may think of is counted together. */
const knownMethods: ReadonlySet<string> = new Set([
  "GET",
  "HEAD",
  "POST",
  "PUT",
  "PATCH",
  "DELETE",
  "OPTIONS",
]);

/**
 * Answers every request of a listener: the registry's API by its own short way, because it is what all the
 * traffic goes through, the rest through Hono. Each answer carries the id under which the log knows it.
 */
export function createHandler(
  options: ListenerOptions,
): (request: Request, server: Server<unknown>) => Promise<Response> {
  const { oci, tuf, tufOnly, api, log, metrics } = options;
  const rest = createRest(options.others);
  const instance = crypto.randomUUID().slice(0, 8);
  let count = 0;

  return async function handle(request, server) {
    const started = performance.now();
    const exchange = new Exchange(request, server, `${instance}-${(++count).toString(36)}`, options);
    const { path } = exchange;
    let route: string;
    let response: Response;
    if (tufOnly || isTrustPath(path)) {
      route = "trust";
      response = await handleTuf(exchange, tuf, (refusal) => report(refusal, exchange));
    } else if (path.startsWith("/v2/") || path === "/v2") {
      const target = parsePath(path);
      route = target?.route ?? "unknown";
      response = await handleOci(exchange, oci, target, (refusal) => report(refusal, exchange));
    } else {
      const isApi = path.startsWith("/api/");
      route = isApi ? "api" : "other";
      response = await answerRest(isApi ? api : rest, exchange);
    }
    if (route !== "trust") response.headers.set("X-Request-Id", exchange.requestId);
    const seconds = (performance.now() - started) / 1000;
    const method = knownMethods.has(request.method) ? request.method : "other";
    metrics.countRequest(route, method, response.status, seconds);
    const level = levelOf(method, response.status);
    if (log.isLevelEnabled(level)) {
      log[level](
        {
          request_id: exchange.requestId,
          method: request.method,
          path,
          status: response.status,
          seconds: Number(seconds.toFixed(4)),
          address: exchange.address,
          agent: request.headers.get("user-agent") ?? "",
        },
        "request",
      );
    }
    return response;
  };

  function report(refusal: BreakwaterError, exchange: Exchange): void {
    if (statusOf(refusal.code) < 500) {
      log.debug({ request_id: exchange.requestId, code: refusal.code }, refusal.message);
      return;
    }
    // A part that is down fails many requests: each is a line, and not a stack.
    if (refusal.code === "UNAVAILABLE") {
      const cause = refusal.cause instanceof Error ? refusal.cause.message : undefined;
      log.warn({ request_id: exchange.requestId, code: refusal.code, cause }, refusal.message);
      return;
    }
    log.error({ request_id: exchange.requestId, code: refusal.code, err: refusal }, refusal.message);
  }

  /** Reading is the bulk of the traffic and has its audit record; what changes or is refused is news. */
  function levelOf(method: string, status: number): "debug" | "info" {
    if (status === 401 || status === 404) return "debug";
    return status >= 400 || (method !== "GET" && method !== "HEAD") ? "info" : "debug";
  }

  async function answerRest(app: RestApp, exchange: Exchange): Promise<Response> {
    try {
      return await app.fetch(withUrl(exchange.request), exchange);
    } catch (error) {
      const refusal = asRefusal(error);
      report(refusal, exchange);
      return toResponse(refusal, exchange.requestId);
    }
  }
}

/**
 * The request with a whole URL, as the apps expect it: HTTP/1.0 needs no Host, and load balancers ask for the
 * health that way. Throws BAD_REQUEST for a Host that is none (RFC 9112, section 3.2).
 */
function withUrl(request: Request): Request {
  if (URL.canParse(request.url)) return request;
  if (request.headers.has("host")) throw new BreakwaterError("BAD_REQUEST", "The Host header is not valid.");
  return new Request(`http://localhost${request.url}`, request);
}

function createRest(apps: readonly RestApp[]): RestApp {
  const rest: RestApp = new Hono<{ Bindings: RequestOrigin }>();
  for (const app of apps) rest.route("/", app);
  rest.notFound(() => {
    throw new BreakwaterError("NOT_FOUND", "There is nothing under this path.");
  });
  rest.onError((error) => {
    throw error;
  });
  return rest;
}

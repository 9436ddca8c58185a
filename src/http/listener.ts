import type { Server } from "bun";
import { Hono } from "hono";
import { BreakwaterError, type Soon, soon } from "../kernel/index.ts";
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
): (request: Request, server: Server<unknown>) => Soon<Response> {
  const { oci, tuf, tufOnly, api, log, metrics } = options;
  const rest = createRest(options.others);
  const instance = crypto.randomUUID().slice(0, 8);
  let count = 0;

  return function handle(request, server) {
    const started = performance.now();
    const exchange = new Exchange(request, server, `${instance}-${(++count).toString(36)}`, options);
    const [route, answer] = dispatch(exchange);
    return soon(answer, (response) => {
      if (route !== "trust") response.headers.set("X-Request-Id", exchange.requestId);
      note(exchange, route, response.status, (performance.now() - started) / 1000);
      return response;
    });
  };

  function dispatch(exchange: Exchange): readonly [route: string, answer: Soon<Response>] {
    const { path } = exchange;
    const onRefusal = (refusal: BreakwaterError) => report(refusal, exchange);
    if (tufOnly || isTrustPath(path)) return ["trust", handleTuf(exchange, tuf, onRefusal)];
    if (path.startsWith("/v2/") || path === "/v2") {
      const target = parsePath(path);
      return [target?.route ?? "unknown", handleOci(exchange, oci, target, onRefusal)];
    }
    const isApi = path.startsWith("/api/");
    return [isApi ? "api" : "other", answerRest(isApi ? api : rest, exchange)];
  }

  function note(exchange: Exchange, route: string, status: number, seconds: number): void {
    const { request, requestId, path } = exchange;
    metrics.countRequest(route, knownMethods.has(request.method) ? request.method : "other", status, seconds);
    const level = levelOf(request.method, status);
    if (!log.isLevelEnabled(level)) return;
    log[level](
      {
        request_id: requestId,
        method: request.method,
        path,
        status,
        seconds: Number(seconds.toFixed(4)),
        address: exchange.address,
        agent: request.headers.get("user-agent") ?? "",
      },
      "request",
    );
  }

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

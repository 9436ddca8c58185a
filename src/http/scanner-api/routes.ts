import { Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { callerOf } from "../../access/index.ts";
import { BreakwaterError, version } from "../../kernel/index.ts";
import { builtInMetadata, scannerTypes } from "../../scan/index.ts";
import type { RequestOrigin } from "../authenticate.ts";
import { asRefusal, statusOf } from "../errors.ts";
import { authenticateClient } from "./authenticate-client.ts";
import { getReport } from "./get-report.ts";
import { postScan } from "./post-scan.ts";
import type { ScannerApiServices } from "./services.ts";

/** Below the server's URL: what a Harbor is told as the scanner's endpoint. */
const endpoint = "/scanner";
/** Bytes of a request's body. */
const maxBody = 64 * 1024;

/**
 * The pluggable scanner API (specification 1.2), so that other registries can have their images looked at here. It is
 * for those who may have everything scanned, and closed until registries are named that images may be pulled from.
 */
export function createScannerRoutes(services: ScannerApiServices): Hono<{ Bindings: RequestOrigin }> {
  const api = new Hono<{ Bindings: RequestOrigin }>();
  const client = async (request: Request, origin: RequestOrigin) => {
    const principal = await authenticateClient(request, origin, services.access);
    await services.rights.require(principal, null, "scan-all", "create");
    if (services.orders.registries.length > 0) {
      return { principal, caller: callerOf(principal, origin.address, origin.requestId) };
    }
    throw new BreakwaterError(
      "FORBIDDEN",
      'This scanner serves no other registry yet: name those that it may pull from in "breakwater.scan.adapter.registries".',
    );
  };
  api.use(
    bodyLimit({
      maxSize: maxBody,
      onError: () => {
        throw new BreakwaterError("BAD_REQUEST", `The body is larger than ${maxBody} bytes.`);
      },
    }),
  );

  api.get("/metadata", async (c) => {
    await client(c.req.raw, c.env);
    const metadata = builtInMetadata(version, services.orders.dataAsOf());
    return c.body(JSON.stringify(metadata), 200, { "Content-Type": scannerTypes.metadata });
  });
  api.post("/scan", async (c) => postScan(c.req.raw, await client(c.req.raw, c.env), services));
  api.get("/scan/:id/report", async (c) => {
    const { principal } = await client(c.req.raw, c.env);
    return getReport(c.req.raw, principal, c.req.param("id"), services.orders);
  });
  api.onError(refuse);

  const routes = new Hono<{ Bindings: RequestOrigin }>();
  routes.route(`${endpoint}/api/v1`, api);
  return routes;
}

/** In the API's own form; failures of the server are thrown on: the listener reports them. */
function refuse(error: unknown): Response {
  const refusal = asRefusal(error);
  const status = statusOf(refusal.code);
  if (status >= 500) throw error;
  const { retryAfter } = (refusal.detail ?? {}) as { retryAfter?: number };
  return Response.json(
    { error: { message: refusal.message } },
    { status, headers: retryAfter === undefined ? {} : { "Retry-After": String(Math.ceil(retryAfter)) } },
  );
}

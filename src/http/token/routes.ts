import { Hono } from "hono";
import type { RequestOrigin } from "../authenticate.ts";
import { getToken } from "./get-token.ts";
import type { TokenServices } from "./issue.ts";
import { postToken } from "./post-token.ts";

/** Docker's token service, for the listener to mount. */
export function createTokenRoutes(services: TokenServices): Hono<{ Bindings: RequestOrigin }> {
  const routes = new Hono<{ Bindings: RequestOrigin }>();
  routes.use("/service/token", async (c, next) => {
    await next();
    // RFC 9110, section 15.5.2. Not for the REST API, where a browser would ask for a password.
    if (c.res.status === 401) c.header("WWW-Authenticate", 'Basic realm="harbor"');
  });
  routes.get("/service/token", (c) => getToken(c.req.raw, c.env, services));
  routes.post("/service/token", (c) => postToken(c.req.raw, c.env, services));
  return routes;
}

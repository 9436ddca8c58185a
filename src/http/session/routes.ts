import { Hono } from "hono";
import type { Access } from "../../access/index.ts";
import type { RequestOrigin } from "../authenticate.ts";
import { logOut } from "./log-out.ts";
import { login } from "./login.ts";

/** The paths by which Harbor's portal logs people in and out, for the listener to mount. */
export function createSessionRoutes(
  access: Pick<Access, "credentials" | "sessions">,
): Hono<{ Bindings: RequestOrigin }> {
  const routes = new Hono<{ Bindings: RequestOrigin }>();
  routes.post("/c/login", (c) => login(c.req.raw, c.env, access));
  routes.get("/c/log_out", (c) => logOut(c.req.raw, c.env, access));
  return routes;
}

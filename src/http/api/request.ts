import type { OpenAPIHono } from "@hono/zod-openapi";
import type { Context } from "hono";
import { type Access, callerOf, type Principal } from "../../access/index.ts";
import { BreakwaterError, type Caller } from "../../kernel/index.ts";
import { authenticate, csrfHeader, type RequestOrigin } from "../authenticate.ts";

export type ApiEnv = { Bindings: RequestOrigin };
export type Api = OpenAPIHono<ApiEnv>;

/** Who asks: as rights are judged, and as the audit log names them. */
export interface Identity {
  readonly principal: Principal;
  readonly caller: Caller;
}

/** Who sent the request; anonymous when nobody says. Throws as `authenticate` does. */
export async function identify(c: Context<ApiEnv>, access: Access): Promise<Identity> {
  const authentication = await authenticate(access, c.req.raw, c.env);
  if (authentication.via === "session") c.header(csrfHeader, authentication.csrfToken);
  const { principal } = authentication;
  return { principal, caller: callerOf(principal, c.env.address, c.env.requestId) };
}

/** As `identify`, but throws UNAUTHORIZED when nobody says who asks. */
export async function identifyKnown(c: Context<ApiEnv>, access: Access): Promise<Identity> {
  const identity = await identify(c, access);
  if (identity.principal.kind !== "anonymous") return identity;
  throw new BreakwaterError("UNAUTHORIZED", "Log in: this is not for the anonymous.");
}

/** The path of something that was created, below the path of the request. */
export function locationOf(c: Context<ApiEnv>, child: string | number): string {
  return `${c.req.path.replace(/\/+$/, "")}/${child}`;
}

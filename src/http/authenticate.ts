import { parse as parseCookies } from "hono/utils/cookie";
import { type Access, anonymous, type Principal } from "../access/index.ts";
import { BreakwaterError } from "../kernel/index.ts";
import { parseBasic } from "./basic-credentials.ts";

/** What the listener knows of a request that the request itself does not say. */
export interface RequestOrigin {
  /** The client's. */
  readonly address: string;
  readonly requestId: string;
  /** True when the client speaks HTTPS. */
  readonly secure: boolean;
}

export type Authentication =
  | { readonly via: "basic" | "none"; readonly principal: Principal }
  /** The answer has to carry `csrfToken` in the header `csrfHeader`. */
  | { readonly via: "session"; readonly principal: Principal; readonly csrfToken: string };

/** Harbor's names: of the session's cookie, and of the header in which the CSRF token travels both ways. */
export const sessionCookie = "sid";
export const csrfHeader = "x-harbor-csrf-token";

const harmless: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS"]);

/**
 * Finds out who sent a request to the REST API or the token service: by Basic credentials, else by the session
 * of its cookie, else anonymous. A registry's bearer token is for its repositories and is not taken here.
 *
 * Throws UNAUTHORIZED for wrong credentials, TOOMANYREQUESTS (detail `retryAfter`, seconds) after many of them,
 * FORBIDDEN for a change by session without its CSRF token. A browser adds cookies on its own and that header
 * never, so that no other site can make it send the two together.
 */
export async function authenticate(
  access: Pick<Access, "credentials" | "sessions">,
  request: Request,
  origin: RequestOrigin,
): Promise<Authentication> {
  const authorization = request.headers.get("authorization");
  if (authorization !== null) {
    const given = parseBasic(authorization);
    if (given === null) {
      throw new BreakwaterError("UNAUTHORIZED", "The Authorization header must hold Basic credentials.");
    }
    const principal = await access.credentials.authenticate(given.name, given.password, origin);
    return { via: "basic", principal };
  }
  const id = sessionIdOf(request);
  const session = id === null ? null : await access.sessions.find(id);
  if (session === null) return { via: "none", principal: anonymous };
  const { principal, csrfToken } = session;
  if (!harmless.has(request.method)) {
    const sent = request.headers.get(csrfHeader) ?? "";
    // Harbor's portal knows this refusal by its words.
    if (!access.sessions.isCsrfTokenOf(session, sent))
      throw new BreakwaterError("FORBIDDEN", "CSRF token invalid");
  }
  return { via: "session", principal, csrfToken };
}

/** The session's id in the request's cookie. */
export function sessionIdOf(request: Request): string | null {
  const cookies = request.headers.get("cookie");
  return cookies === null ? null : (parseCookies(cookies, sessionCookie)[sessionCookie] ?? null);
}

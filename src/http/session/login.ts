import { serialize } from "hono/utils/cookie";
import type { Access } from "../../access/index.ts";
import { BreakwaterError } from "../../kernel/index.ts";
import { csrfHeader, type RequestOrigin, sessionCookie } from "../authenticate.ts";
import { readForm } from "../form.ts";

/**
 * POST /c/login: opens a session for the `principal` and `password` of a form, as Harbor's portal does. The
 * answer is empty; it sets the cookie and carries the CSRF token for what follows. Throws UNAUTHORIZED.
 */
export async function login(
  request: Request,
  origin: RequestOrigin,
  access: Pick<Access, "credentials" | "sessions">,
): Promise<Response> {
  // Logging a victim in as somebody else needs no session: that this comes from our own page has to be asked.
  if (request.headers.get("sec-fetch-site") === "cross-site") {
    throw new BreakwaterError("FORBIDDEN", "Another site may not log anybody in.");
  }
  const form = await readForm(request);
  const { credentials, sessions } = access;
  const principal = await credentials.login(form.get("principal") ?? "", form.get("password") ?? "", origin);
  if (principal.kind !== "user") {
    throw new BreakwaterError("UNAUTHORIZED", "Only users can open a session, robot accounts cannot.");
  }
  const id = await sessions.open(principal.id);
  const cookie = serialize(sessionCookie, id, {
    path: "/",
    httpOnly: true,
    sameSite: "Lax",
    secure: origin.secure,
  });
  return new Response(null, { headers: { "set-cookie": cookie, [csrfHeader]: sessions.csrfTokenOf(id) } });
}

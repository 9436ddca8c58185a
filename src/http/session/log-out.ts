import { serialize } from "hono/utils/cookie";
import { type Access, callerOf } from "../../access/index.ts";
import { type RequestOrigin, sessionCookie, sessionIdOf } from "../authenticate.ts";

/** GET /c/log_out: ends the session of the cookie, if there is one. Always answers 200, as Harbor does. */
export async function logOut(
  request: Request,
  origin: RequestOrigin,
  { sessions }: Pick<Access, "sessions">,
): Promise<Response> {
  const id = sessionIdOf(request);
  const session = id === null ? null : await sessions.find(id);
  if (id !== null && session !== null) {
    await sessions.close(callerOf(session.principal, origin.address, origin.requestId), id);
  }
  const cookie = serialize(sessionCookie, "", {
    path: "/",
    httpOnly: true,
    secure: origin.secure,
    maxAge: 0,
  });
  return new Response(null, { headers: { "set-cookie": cookie } });
}

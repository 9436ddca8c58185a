import type { Peer } from "../peers/peer.ts";

/**
 * Signs in as Harbor's portal does and returns the headers of the session, also good for changes. The API
 * would take the password with each request too, but then its check would be what is measured.
 */
export async function signIn(peer: Peer): Promise<Record<string, string>> {
  const { username, password } = peer.credentials ?? { username: "", password: "" };
  const cookies = new Map<string, string>();
  const before = await send(peer, cookies, "/api/v2.0/systeminfo");
  const login = await send(peer, cookies, "/c/login", {
    method: "POST",
    headers: {
      "x-harbor-csrf-token": csrfToken(before),
      "content-type": "application/x-www-form-urlencoded",
    },
    body: String(new URLSearchParams({ principal: username, password })),
  });
  if (!login.ok) throw new Error(`/c/login: ${login.status} ${await login.text()}`);
  const after = await send(peer, cookies, "/api/v2.0/users/current");
  if (!after.ok) throw new Error(`the session does not hold: ${after.status}`);
  return { cookie: cookieHeader(cookies), "x-harbor-csrf-token": csrfToken(after) };
}

async function send(
  peer: Peer,
  cookies: Map<string, string>,
  path: string,
  init: { method?: string; headers?: Record<string, string>; body?: string } = {},
): Promise<Response> {
  const response = await fetch(`${peer.origin}${path}`, {
    ...init,
    headers: { ...init.headers, cookie: cookieHeader(cookies) },
    tls: { ca: peer.certificate.pem },
  });
  for (const line of response.headers.getSetCookie()) {
    const [name = "", ...value] = (line.split(";", 1)[0] ?? "").split("=");
    cookies.set(name, value.join("="));
  }
  return response;
}

function cookieHeader(cookies: ReadonlyMap<string, string>): string {
  return [...cookies].map(([name, value]) => `${name}=${value}`).join("; ");
}

function csrfToken(response: Response): string {
  return response.headers.get("x-harbor-csrf-token") ?? "";
}

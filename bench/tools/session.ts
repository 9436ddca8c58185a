import type { Peer } from "../peers/peer.ts";

/**
 * Signs in as Harbor's portal does and returns the headers of the session, good for changes too. The API
 * would also take the password with each request, but then its check would be what is measured.
 */
export async function signIn({ origin, certificate, credentials }: Peer): Promise<Record<string, string>> {
  const form = new URLSearchParams({
    principal: credentials?.username ?? "",
    password: credentials?.password ?? "",
  });
  const login = await fetch(`${origin}/c/login`, {
    method: "POST",
    headers: { "content-type": "application/x-www-form-urlencoded" },
    body: form.toString(),
    tls: { ca: certificate.pem },
  });
  const token = login.headers.get("x-harbor-csrf-token");
  if (!login.ok || token === null) throw new Error(`/c/login: ${login.status} ${await login.text()}`);
  const cookies = login.headers.getSetCookie().map((line) => line.split(";", 1)[0]);
  return { cookie: cookies.join("; "), "x-harbor-csrf-token": token };
}

import { createHash, type KeyObject, verify } from "node:crypto";
import type { IncomingMessage } from "node:http";

const algorithm = "GOOG4-RSA-SHA256";

/** Whether a request proves to be the account's, or its bearer's: by a token, a token it signed, or a signed URL. */
export function isProven(request: IncomingMessage, account: KeyObject, token: string): boolean {
  const url = new URL(request.url ?? "", "http://localhost");
  if (url.searchParams.has("X-Goog-Signature")) return isSigned(request, url, account);
  const [scheme, bearer = ""] = (request.headers.authorization ?? "").split(" ");
  return scheme === "Bearer" && (bearer === token || isSignedToken(bearer, account));
}

/** A JWT for the scope, which has not expired. */
function isSignedToken(jwt: string, account: KeyObject): boolean {
  const [head = "", claims = "", signature = ""] = jwt.split(".");
  const signed = Buffer.from(`${head}.${claims}`);
  if (!verify("sha256", signed, account, Buffer.from(signature, "base64url"))) return false;
  const { scope, exp } = JSON.parse(Buffer.from(claims, "base64url").toString());
  return String(scope).includes("devstorage") && exp * 1000 > Date.now();
}

/** A URL of version 4, by what the request says, and not by how we make such URLs. */
function isSigned({ method, headers }: IncomingMessage, url: URL, account: KeyObject): boolean {
  const [query = "", signature = ""] = url.search.slice(1).split("&X-Goog-Signature=");
  const time = url.searchParams.get("X-Goog-Date") ?? "";
  const scope = (url.searchParams.get("X-Goog-Credential") ?? "").split("/").slice(1).join("/");
  const sorted = query.split("&").sort().join("&");
  const request = [method, url.pathname, sorted, `host:${headers.host}`, "", "host", "UNSIGNED-PAYLOAD"];
  const hash = createHash("sha256").update(request.join("\n")).digest("hex");
  const text = Buffer.from([algorithm, time, scope, hash].join("\n"));
  return verify("sha256", text, account, Buffer.from(signature, "hex"));
}

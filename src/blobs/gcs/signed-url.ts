import { createHash } from "node:crypto";
import { redirectHeaders } from "../chunked/redirect-rule.ts";
import type { Identity } from "./identity.ts";

const algorithm = "GOOG4-RSA-SHA256";

/**
 * A URL by which whoever has it may read an object for `lifetime` seconds, at most 604,800: Google's signatures of
 * version 4. `endpoint` is the service as its reader names it, which is signed with the rest.
 */
export async function signedUrl(
  identity: Identity,
  endpoint: string,
  object: { readonly bucket: string; readonly name: string },
  lifetime: number,
  now = new Date(),
): Promise<string> {
  const time = now.toISOString().replace(/[-:]|\.\d+/g, "");
  const scope = `${time.slice(0, 8)}/auto/storage/goog4_request`;
  const path = `/${object.bucket}/${object.name}`.split("/").map(escaped).join("/");
  // In the order of the names, by their bytes.
  const query = Object.entries({
    "X-Goog-Algorithm": algorithm,
    "X-Goog-Credential": `${await identity.email()}/${scope}`,
    "X-Goog-Date": time,
    "X-Goog-Expires": String(lifetime),
    "X-Goog-SignedHeaders": "host",
    "response-content-disposition": redirectHeaders.contentDisposition,
    "response-content-type": redirectHeaders.contentType,
  })
    .map(([name, value]) => `${name}=${escaped(value)}`)
    .join("&");
  const request = ["GET", path, query, `host:${new URL(endpoint).host}`, "", "host", "UNSIGNED-PAYLOAD"];
  const hash = createHash("sha256").update(request.join("\n")).digest("hex");
  const signature = await identity.sign([algorithm, time, scope, hash].join("\n"));
  return `${endpoint}${path}?${query}&X-Goog-Signature=${signature.toString("hex")}`;
}

/** By RFC 3986, which leaves fewer characters as they are than `encodeURIComponent` does. */
function escaped(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

import type { Config } from "../config/index.ts";

/** What images' names begin with when they are pushed here: the external address first. */
export function trustHosts({ externalUrl, hostname, https, http }: Config): readonly string[] {
  const own = hostname.includes(":") ? `[${hostname}]` : hostname;
  const listeners = [
    ...(https === null ? [] : [`https://${own}:${https.port}`]),
    ...(http === null ? [] : [`http://${own}:${http.port}`]),
  ];
  // The URL's host leaves out a port that clients leave out too.
  return [...new Set([externalUrl, ...listeners].map((url) => new URL(url).host))];
}

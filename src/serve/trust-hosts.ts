import type { Config } from "../config/index.ts";

const usual: Readonly<Record<string, number>> = { "http:": 80, "https:": 443 };

/** What images' names begin with when they are pushed here: the external address first. */
export function trustHosts({ externalUrl, hostname, https, http }: Config): readonly string[] {
  const own = hostname.includes(":") ? `[${hostname}]` : hostname;
  const listeners = [
    ...(https === null ? [] : [`https://${own}:${https.port}`]),
    ...(http === null ? [] : [`http://${own}:${http.port}`]),
  ];
  const urls = [externalUrl, ...listeners].map((url) => new URL(url));
  // The URL's host leaves out a port that clients leave out too, unless somebody has typed it.
  const typed = urls
    .filter(({ port }) => port === "")
    .map(({ hostname, protocol }) => `${hostname}:${usual[protocol]}`);
  return [...new Set([...urls.map(({ host }) => host), ...typed])];
}

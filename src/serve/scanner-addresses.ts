import type { Config } from "../config/index.ts";
import { Proxies, type ProxyChoice } from "../kernel/index.ts";

/** Where scanners pull from: the name that clients use, and this server's own listener. */
export function registryUrls({ externalUrl, hostname, http, https }: Config) {
  const host = hostname.includes(":") ? `[${hostname}]` : hostname;
  const internal = https === null ? `http://${host}:${http?.port ?? 80}` : `https://${host}:${https.port}`;
  return { external: externalUrl, internal };
}

/** Harbor's core is what asks scanners and registries there. */
export function scannerProxies({ proxy }: Config): (url: URL) => ProxyChoice {
  if (!proxy.components.includes("core")) return () => undefined;
  const proxies = new Proxies(proxy);
  return (url) => proxies.of(url);
}

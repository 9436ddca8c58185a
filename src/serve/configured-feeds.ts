import type { Config, FeedConfig } from "../config/index.ts";
import { day, Proxies, type ProxyChoice } from "../kernel/index.ts";
import type { Access, Feed, Login } from "../scan/index.ts";

/** The feeds as they are configured. */
export function feedsOf(config: Config): Feed[] {
  return config.scan.feeds.map((feed) => {
    const { name, format, sources, schedule, maxAge, enabled, caBundle } = feed;
    const access = { caBundle, proxy: proxyOf(config, feed.proxy), login: loginOf(feed) };
    return { name, format, sources, schedule, maxAge, enabled, access };
  });
}

/** Of a feed that is not configured here, whose data came in a bundle, the usual age. */
export function maxAgeOf({ scan: { feeds } }: Config): (feed: string) => number {
  const ages = new Map(feeds.map(({ name, maxAge }) => [name, maxAge]));
  return (feed) => ages.get(feed) ?? 5 * day;
}

/** How registries are reached that bundles are exchanged with. */
export function bundleAccess(config: Config, caBundle: string | null, login: Login): Access {
  return { caBundle, proxy: proxyOf(config, null), login };
}

function proxyOf({ proxy }: Config, own: string | null): (url: URL) => ProxyChoice {
  if (own === "none") return () => false;
  if (own !== null) return () => own;
  // Harbor's scanner is what fetches feeds there.
  if (!proxy.components.includes("trivy")) return () => undefined;
  const proxies = new Proxies(proxy);
  return (url) => proxies.of(url);
}

function loginOf({ username, password, token }: FeedConfig): Login {
  if (token !== null) return { kind: "bearer", token };
  return username === null || password === null ? { kind: "none" } : { kind: "basic", username, password };
}

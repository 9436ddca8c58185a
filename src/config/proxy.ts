import type { Values } from "./keys.ts";

/** Through which proxies the server asks others, by Harbor's section `proxy`. */
export interface ProxyConfig {
  /** For `http:` and `https:` addresses; URLs with a scheme. */
  readonly http: string | null;
  readonly https: string | null;
  /** Hosts, domains and networks that are asked directly. */
  readonly except: readonly string[];
  /**
   * Whose requests go through them, by Harbor's names: `core` for registries and scanners, `trivy` for
   * vulnerability feeds, `jobservice` for replication.
   */
  readonly components: readonly string[];
}

export function toProxy(values: Values): ProxyConfig {
  return {
    http: values["proxy.http_proxy"] ?? null,
    https: values["proxy.https_proxy"] ?? null,
    except: values["proxy.no_proxy"] ?? [],
    components: values["proxy.components"] ?? ["core", "jobservice", "trivy"],
  };
}

/** By the file's own keys, as `describeConfig`. */
export function describeProxy({ http, https, except, components }: ProxyConfig, mask: string): object {
  return {
    http_proxy: hidden(http, mask),
    https_proxy: hidden(https, mask),
    no_proxy: except.join(", ") || null,
    components: components.join(", "),
  };
}

function hidden(url: string | null, mask: string): string | null {
  return url?.replace(/\/\/[^/]*@/, `//${mask}@`) ?? null;
}

import { isIP } from "node:net";
import { Networks } from "./networks.ts";

/** A proxy's URL, false for none, undefined for what the process's environment says. */
export type ProxyChoice = string | false | undefined;

export interface ProxyOptions {
  /** For addresses of `http:` and of `https:`. */
  readonly http: string | null;
  readonly https: string | null;
  /** Asked directly: hosts, domains with those below them, addresses and networks; `*` for all. */
  readonly except: readonly string[];
}

/** Which proxy a request goes through, as curl and Go's programs read `no_proxy`. */
export class Proxies {
  readonly #options: ProxyOptions;
  readonly #networks: Networks;
  readonly #names: readonly string[];

  constructor(options: ProxyOptions) {
    this.#options = options;
    const isNetwork = (entry: string) => isIP(entry.split("/", 1)[0] ?? "") !== 0;
    this.#networks = new Networks(options.except.filter(isNetwork));
    this.#names = options.except
      .filter((entry) => !isNetwork(entry))
      .map((entry) => entry.toLowerCase().replace(/^\*?\./, ""));
  }

  of(url: URL): ProxyChoice {
    const { http, https } = this.#options;
    if (http === null && https === null) return undefined;
    const proxy = url.protocol === "https:" ? https : http;
    return proxy === null || this.#isException(url) ? false : proxy;
  }

  #isException({ hostname, host }: URL): boolean {
    if (this.#networks.contains(hostname.replace(/^\[|\]$/g, ""))) return true;
    return this.#names.some(
      (name) => name === "*" || name === host || name === hostname || hostname.endsWith(`.${name}`),
    );
  }
}

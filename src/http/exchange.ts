import type { Server } from "bun";
import type { Networks } from "../kernel/index.ts";
import type { RequestOrigin } from "./authenticate.ts";
import { type Forwarded, isAuthority, readForwarded, withoutMapping } from "./forwarded.ts";

/** The listener that a request came to. */
export interface Entrance {
  /** True when it speaks TLS. */
  readonly secure: boolean;
  /** Whose word about the client counts: load balancers in front of this server. */
  readonly proxies: Networks;
}

const nothingForwarded: Forwarded = { address: null, secure: null, host: null };

/** One request on its way through the server. What few requests need is worked out when it is asked for. */
export class Exchange implements RequestOrigin {
  readonly request: Request;
  readonly requestId: string;
  /** Without the query. Percent signs are not resolved; dots are, unless the client left its Host out. */
  readonly path: string;
  readonly #server: Server<unknown>;
  readonly #entrance: Entrance;
  readonly #search: string;
  #query: URLSearchParams | undefined;
  #peer: string | undefined;
  #forwarded: Forwarded | undefined;

  constructor(request: Request, server: Server<unknown>, requestId: string, entrance: Entrance) {
    this.request = request;
    this.requestId = requestId;
    this.#server = server;
    this.#entrance = entrance;
    const url = request.url;
    // A request without a Host, or with one that is none, has a URL of its path alone.
    const from = url.startsWith("/") ? 0 : url.indexOf("/", url.indexOf("//") + 2);
    const mark = url.indexOf("?", from);
    this.path = mark < 0 ? url.slice(from) : url.slice(from, mark);
    this.#search = mark < 0 ? "" : url.slice(mark + 1);
    // Of who has hung up it cannot be told any more, and whoever changes something shall not be without it in the log.
    if (request.method !== "GET" && request.method !== "HEAD") this.#peer = this.#findPeer();
  }

  get query(): URLSearchParams {
    this.#query ??= new URLSearchParams(this.#search);
    return this.#query;
  }

  get address(): string {
    return this.#said.address ?? this.#peerAddress;
  }

  get secure(): boolean {
    return this.#said.secure ?? this.#entrance.secure;
  }

  /** By which host and port the client reached the server; null when what it says is none. */
  get host(): string | null {
    const host = this.#said.host ?? this.request.headers.get("host") ?? "";
    return isAuthority(host) ? host : null;
  }

  get #peerAddress(): string {
    this.#peer ??= this.#findPeer();
    return this.#peer;
  }

  #findPeer(): string {
    return withoutMapping(this.#server.requestIP(this.request)?.address ?? "");
  }

  get #said(): Forwarded {
    const { proxies } = this.#entrance;
    this.#forwarded ??= proxies.contains(this.#peerAddress)
      ? readForwarded(this.request.headers, proxies)
      : nothingForwarded;
    return this.#forwarded;
  }

  /** Lets a request whose answer takes long to work out, such as a large upload's last, go on without traffic. */
  disableTimeout(): void {
    this.#server.timeout(this.request, 0);
  }
}

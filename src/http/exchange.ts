import type { Server } from "bun";
import type { RequestOrigin } from "./authenticate.ts";

/** One request on its way through the server. What few requests need is worked out when it is asked for. */
export class Exchange implements RequestOrigin {
  readonly request: Request;
  readonly requestId: string;
  readonly secure: boolean;
  /** Without the query. Percent signs are not resolved; dots are, unless the client left its Host out. */
  readonly path: string;
  readonly #server: Server<unknown>;
  readonly #search: string;
  #query: URLSearchParams | undefined;
  #address: string | undefined;

  constructor(request: Request, server: Server<unknown>, requestId: string, secure: boolean) {
    this.request = request;
    this.requestId = requestId;
    this.secure = secure;
    this.#server = server;
    const url = request.url;
    // A request without a Host, or with one that is none, has a URL of its path alone.
    const from = url.startsWith("/") ? 0 : url.indexOf("/", url.indexOf("//") + 2);
    const mark = url.indexOf("?", from);
    this.path = mark < 0 ? url.slice(from) : url.slice(from, mark);
    this.#search = mark < 0 ? "" : url.slice(mark + 1);
  }

  get query(): URLSearchParams {
    this.#query ??= new URLSearchParams(this.#search);
    return this.#query;
  }

  get address(): string {
    if (this.#address === undefined) {
      const address = this.#server.requestIP(this.request)?.address ?? "";
      this.#address = address.startsWith("::ffff:") ? address.slice(7) : address;
    }
    return this.#address;
  }

  /** Lets a request whose answer takes long to work out, such as a large upload's last, go on without traffic. */
  disableTimeout(): void {
    this.#server.timeout(this.request, 0);
  }
}

import { second } from "../kernel/index.ts";
import type { ServerCertificate } from "./certificate.ts";

export type ListenerOptions = Omit<
  Bun.Serve.HostnamePortServeOptions<undefined>,
  "port" | "tls" | "reusePort"
> & {
  readonly port: number;
  fetch(request: Request, server: Bun.Server<undefined>): Response | Promise<Response>;
};

/** How long clients on kept-alive connections are given to hear of the change. */
const defaultLeave = 5 * second;

/**
 * An HTTPS listener whose certificate can be exchanged while it serves. Bun's `server.reload` takes new handlers
 * but keeps the certificate that it started with (oven-sh/bun#43815). So a second listener with the new
 * certificate joins the first on the same port. The first one, for a few seconds, asks each client to connect
 * anew after its answer; then it stops. Requests that it is answering by then, uploads of hours included, end on
 * it. Only a client within its TLS handshake at the moment of the stop is reset and has to connect again.
 *
 * The port is shared (SO_REUSEPORT), so a second program that shares it too would not be noticed: who must be
 * alone on a port has to try it first, without sharing.
 */
export class RenewableListener {
  readonly #options: ListenerOptions;
  readonly #leaveAfter: number;
  readonly #leaving = new Map<Bun.Server<undefined>, Timer>();
  #server: Bun.Server<undefined>;

  /** `leaveAfter` in milliseconds. Throws what `Bun.serve` throws. */
  constructor(certificate: ServerCertificate, options: ListenerOptions, leaveAfter = defaultLeave) {
    this.#options = options;
    this.#leaveAfter = leaveAfter;
    this.#server = this.#listen(certificate);
  }

  /** The one with the latest certificate. */
  get server(): Bun.Server<undefined> {
    return this.#server;
  }

  /** Serves `certificate` from now on, and alone a few seconds later. When it throws, nothing has changed. */
  replace(certificate: ServerCertificate): void {
    const old = this.#server;
    this.#server = this.#listen(certificate);
    const { fetch } = this.#options;
    old.reload({
      ...this.#options,
      async fetch(request, server) {
        const response = await fetch(request, server);
        response.headers.set("connection", "close");
        return response;
      },
    });
    const stop = () => old.stop().then(() => this.#leaving.delete(old));
    this.#leaving.set(old, setTimeout(stop, this.#leaveAfter).unref());
  }

  /** Takes no more connections, and resolves when every request is answered; with `force` they are cut off. */
  async stop(force = false): Promise<void> {
    for (const timer of this.#leaving.values()) clearTimeout(timer);
    await Promise.all([this.#server, ...this.#leaving.keys()].map((server) => server.stop(force)));
  }

  #listen({ certificate, privateKey }: ServerCertificate): Bun.Server<undefined> {
    return Bun.serve({ ...this.#options, reusePort: true, tls: { cert: certificate, key: privateKey } });
  }
}

import type { ServerCertificate } from "./certificate.ts";

/** The part of a Bun server that matters here. */
export interface Stoppable {
  /** Closes the listening socket and idle connections; resolves when the last request is answered. */
  stop(closeActiveConnections?: boolean): Promise<void>;
}

/**
 * A listener whose certificate can be exchanged while it serves. Bun's `server.reload` takes new handlers but
 * keeps the certificate it started with. So a second listener with the new certificate joins the first on the
 * same port, and only then the first one stops: requests that it is answering, uploads of hours included, end
 * on the old certificate, and its idle connections are closed in order, as clients expect of keep-alive. Only a
 * client that is within its TLS handshake at that very moment is reset and has to connect again.
 *
 * `listen` must call `Bun.serve` with a fixed port and `reusePort: true`.
 */
export class RenewableListener<S extends Stoppable> {
  readonly #listen: (certificate: ServerCertificate) => S;
  readonly #draining = new Set<S>();
  #server: S;

  constructor(certificate: ServerCertificate, listen: (certificate: ServerCertificate) => S) {
    this.#listen = listen;
    this.#server = listen(certificate);
  }

  /** The one that takes new connections. */
  get server(): S {
    return this.#server;
  }

  /** Throws what `listen` throws; the old certificate is then still served. */
  replace(certificate: ServerCertificate): void {
    const old = this.#server;
    this.#server = this.#listen(certificate);
    this.#draining.add(old);
    void old.stop().finally(() => this.#draining.delete(old));
  }

  /** Resolves when every request is answered, of the listeners before too; with `force` they are cut off. */
  async stop(force = false): Promise<void> {
    await Promise.all([this.#server, ...this.#draining].map((server) => server.stop(force)));
  }
}

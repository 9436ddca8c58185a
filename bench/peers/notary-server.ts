import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { freePort } from "../tools/port.ts";
import { Server } from "../tools/process.ts";
import type { Peer, PeerOptions } from "./peer.ts";

/**
 * Debian's notary-server at its best: metadata in memory, its own signer, no authentication, no log. Over TLS,
 * whatever `scheme` says: without it no client of Notary's speaks to it.
 */
export async function startNotaryServer({ folder, certificate }: PeerOptions): Promise<Peer> {
  mkdirSync(folder, { recursive: true });
  const address = `127.0.0.1:${freePort()}`;
  const origin = `https://${address}`;
  const config = join(folder, "config.json");
  const configuration = {
    server: { http_addr: address, tls_key_file: certificate.key, tls_cert_file: certificate.certificate },
    trust_service: { type: "local", hostname: "", port: "", key_algorithm: "ed25519" },
    logging: { level: "fatal" },
    storage: { backend: "memory" },
    caching: { max_age: { current_metadata: 300, consistent_metadata: 2_592_000 } },
  };
  await Bun.write(config, JSON.stringify(configuration));
  const server = await Server.start({
    name: "notary-server",
    command: ["notary-server", "-config", config],
    log: join(folder, "server.log"),
    ready: async () => (await fetch(`${origin}/_notary_server/health`, { tls: { ca: certificate.pem } })).ok,
  });
  return {
    name: "notary-server",
    origin,
    certificate,
    pid: server.pid,
    readyAfter: server.readyAfter,
    authorization: async () => ({}),
    [Symbol.asyncDispose]: () => server.stop(),
  };
}

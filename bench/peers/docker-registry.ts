import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { freePort } from "../tools/port.ts";
import { Server } from "../tools/process.ts";
import type { Peer, PeerOptions } from "./peer.ts";

/**
 * Debian's docker-registry at its best: no authentication, no access log, descriptors cached in memory.
 * Breakwater is measured with all that a person would leave switched on.
 */
export async function startDockerRegistry(options: PeerOptions): Promise<Peer> {
  mkdirSync(options.folder, { recursive: true });
  const address = `127.0.0.1:${freePort()}`;
  const origin = `${options.scheme}://${address}`;
  const config = join(options.folder, "config.yml");
  await Bun.write(config, configuration(options, address));
  const server = await Server.start({
    name: "docker-registry",
    command: ["docker-registry", "serve", config],
    log: join(options.folder, "server.log"),
    ready: async () => (await fetch(`${origin}/v2/`, { tls: { ca: options.certificate.pem } })).ok,
  });
  return {
    name: "docker-registry",
    origin,
    certificate: options.certificate,
    pid: server.pid,
    readyAfter: server.readyAfter,
    authorization: async () => ({}),
    [Symbol.asyncDispose]: () => server.stop(),
  };
}

function configuration({ folder, scheme, certificate }: PeerOptions, address: string): string {
  const tls = { certificate: certificate.certificate, key: certificate.key };
  // JSON is YAML: nothing to quote by hand.
  return JSON.stringify({
    version: "0.1",
    log: { level: "warn", accesslog: { disabled: true } },
    storage: {
      cache: { blobdescriptor: "inmemory" },
      filesystem: { rootdirectory: join(folder, "data") },
      delete: { enabled: true },
    },
    http: { addr: address, secret: "bench", ...(scheme === "https" ? { tls } : {}) },
  });
}

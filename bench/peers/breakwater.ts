import { mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Certificate } from "../tools/certificate.ts";
import { freePort } from "../tools/port.ts";
import { output, Server } from "../tools/process.ts";
import type { Credentials, Peer, PeerOptions } from "./peer.ts";

const root = resolve(import.meta.dir, "../..");
const credentials: Credentials = { username: "admin", password: "Bench-Harbor12345" };

/** `breakwater ARGUMENTS…`, on the Bun that runs the bench: what `npm start` would run. */
export function breakwaterCommand(...args: string[]): string[] {
  return [process.execPath, join(root, "src/main.ts"), ...args];
}

/** Breakwater with one worker, authentication and audit on, as a person's file would start it. */
export async function startBreakwater(options: PeerOptions): Promise<Peer> {
  const { folder, scheme, certificate } = options;
  mkdirSync(folder, { recursive: true });
  const port = freePort();
  const origin = `${scheme}://127.0.0.1:${port}`;
  const config = configFile(folder);
  await Bun.write(config, configuration(options, port));
  const server = await Server.start({
    name: "breakwater",
    command: breakwaterCommand("serve", "--config", config),
    log: join(folder, "server.log"),
    cwd: root,
    ready: async () =>
      (await fetch(`${origin}/api/v2.0/health`, { tls: { ca: certificate.pem } })).status === 200,
  });
  return {
    name: "breakwater",
    origin,
    certificate,
    pid: server.pid,
    readyAfter: server.readyAfter,
    credentials,
    authorization: (repositories) =>
      bearer(
        origin,
        certificate,
        repositories.map((repository) => `repository:${repository}:pull,push,delete`),
      ),
    [Symbol.asyncDispose]: () => server.stop(),
  };
}

export async function collectGarbage(folder: string): Promise<void> {
  await output(breakwaterCommand("gc", "--config", configFile(folder), "--grace", "0s"));
}

/** For the API under /api/v2.0, which takes the admin's password as it is. */
export function basicAuthorization(): Record<string, string> {
  return { authorization: `Basic ${btoa(`${credentials.username}:${credentials.password}`)}` };
}

function configFile(folder: string): string {
  return join(folder, "harbor.yml");
}

function configuration({ folder, scheme, certificate, config = {} }: PeerOptions, port: number): string {
  const https = { port, certificate: certificate.certificate, private_key: certificate.key };
  return JSON.stringify({
    hostname: "127.0.0.1",
    http: { port: scheme === "http" ? port : freePort() },
    ...(scheme === "https" ? { https } : {}),
    external_url: `${scheme}://127.0.0.1:${port}`,
    harbor_admin_password: credentials.password,
    data_volume: join(folder, "data"),
    metric: { enabled: true, port: freePort() },
    notary: { port: freePort() },
    breakwater: { address: "127.0.0.1", secret_key: "of the bench" },
    ...config,
  });
}

/** Lists all repositories, which a token for some of them does not allow. */
export function catalogAuthorization(peer: Peer): Promise<Record<string, string>> {
  return bearer(peer.origin, peer.certificate, ["registry:catalog:*"]);
}

/** One token for all of them: a password is slow to check, by intent. */
async function bearer(
  origin: string,
  certificate: Certificate,
  scopes: readonly string[],
): Promise<Record<string, string>> {
  const url = new URL("/service/token?service=harbor-registry", origin);
  for (const scope of scopes) url.searchParams.append("scope", scope);
  const response = await fetch(url, { headers: basicAuthorization(), tls: { ca: certificate.pem } });
  if (!response.ok) throw new Error(`${url.pathname}: ${response.status} ${await response.text()}`);
  const { token } = (await response.json()) as { token: string };
  return { authorization: `Bearer ${token}` };
}

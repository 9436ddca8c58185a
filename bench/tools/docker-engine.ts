import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Peer } from "../peers/peer.ts";
import { output, Server } from "./process.ts";

/** A Docker Engine of the bench's own: its own data, socket and settings, no bridge and no firewall rules. */
export class DockerEngine implements AsyncDisposable {
  readonly #server: Server;
  readonly #cli: readonly string[];

  private constructor(server: Server, cli: readonly string[]) {
    this.#server = server;
    this.#cli = cli;
  }

  static async start(folder: string, peers: readonly Peer[]): Promise<DockerEngine> {
    const at = (name: string) => join(folder, name);
    await mkdir(at("client"), { recursive: true });
    await Bun.write(at("daemon.json"), "{}");
    await Bun.write(at("client/config.json"), JSON.stringify({ auths: logins(peers) }));
    const server = await Server.start({
      name: "dockerd",
      command: [
        ...[
          "dockerd",
          "--config-file",
          at("daemon.json"),
          "--data-root",
          at("data"),
          "--exec-root",
          at("run"),
        ],
        ...["--pidfile", at("pid"), "--host", `unix://${at("sock")}`],
        ...["--bridge=none", "--iptables=false", "--ip-forward=false"],
      ],
      log: at("server.log"),
      ready: async () => (await fetch("http://docker/_ping", { unix: at("sock") })).ok,
    });
    return new DockerEngine(server, [
      ...["docker", "--config", at("client"), "--host", `unix://${at("sock")}`],
    ]);
  }

  /** Returns the image's id. */
  async import(tar: string, reference: string): Promise<string> {
    return (await this.#docker("import", tar, reference)).trim();
  }

  async push(reference: string): Promise<void> {
    await this.#docker("push", "--quiet", reference);
  }

  async pull(reference: string): Promise<void> {
    await this.#docker("pull", "--quiet", reference);
  }

  async remove(reference: string): Promise<void> {
    await this.#docker("image", "rm", "--force", reference);
  }

  async id(reference: string): Promise<string> {
    return (await this.#docker("image", "inspect", "--format", "{{.Id}}", reference)).trim();
  }

  #docker(...args: string[]): Promise<string> {
    return output([...this.#cli, ...args]);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#server.stop();
  }
}

/** What `docker login` leaves behind. */
function logins(peers: readonly Peer[]): Record<string, { auth: string }> {
  return Object.fromEntries(
    peers.flatMap(({ origin, credentials }) =>
      credentials
        ? [[new URL(origin).host, { auth: btoa(`${credentials.username}:${credentials.password}`) }]]
        : [],
    ),
  );
}

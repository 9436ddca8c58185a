import type { Breakwater } from "../support/breakwater.ts";
import { missingCommands, run } from "../support/command.ts";
import { uniqueName } from "../support/harbor.ts";
import { makeImage } from "../support/image.ts";
import { openRepository } from "../support/registry-client.ts";
import { type DockerEngine, noDockerEngine, startDockerEngine } from "./docker-engine.ts";
import type { TrustServers } from "./trust-person.ts";
import { startTrustServer, TrustScene } from "./trust-scene.ts";

const HOSTNAME = "registry.test";

/** Why content trust cannot be tried with Docker here. */
export async function noDockerTrust(): Promise<string | undefined> {
  const missing = (await noDockerEngine()) ?? missingCommands("notary");
  if (missing !== undefined) return missing;
  const { code } = await run(["docker", "trust", "inspect", "--help"]);
  return code === 0 ? undefined : "this docker has no trust command";
}

/** A scene whose people have a Docker Engine between them. */
export class DockerTrustScene extends TrustScene {
  readonly #engine: DockerEngine;

  private constructor(
    server: Breakwater,
    servers: TrustServers,
    engine: DockerEngine,
    owned: AsyncDisposableStack,
  ) {
    super(server, servers, (command, options) => engine.runInside(command, options), owned);
    this.#engine = engine;
  }

  static async start(): Promise<DockerTrustScene> {
    await using started = new AsyncDisposableStack();
    const { server, servers } = await startTrustServer(HOSTNAME);
    started.use(server);
    const trust = { [server.host]: server.caFile };
    const engine = started.use(await startDockerEngine({ hostname: HOSTNAME, trust }));
    return new DockerTrustScene(server, servers, engine, started.move());
  }

  /** An image unlike any other, in the engine, under that name. */
  async image(name: string): Promise<void> {
    const source = `library/${uniqueName("source")}`;
    await (await openRepository(this.server, source)).pushImage(await makeImage({ format: "docker" }), "v1");
    await this.#engine.docker("pull", `${this.host}/${source}:v1`);
    await this.#engine.docker("tag", `${this.host}/${source}:v1`, name);
    await this.#engine.docker("rmi", `${this.host}/${source}:v1`);
  }

  /** Forgets the engine's image of that name; by digest it may have others. */
  async forget(name: string): Promise<void> {
    await this.#engine.docker("rmi", "--force", name);
  }

  /** The image's id in the engine. */
  async imageId(name: string): Promise<string> {
    return this.#engine.docker("image", "inspect", "--format", "{{.Id}}", name);
  }
}

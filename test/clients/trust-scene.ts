import type { TrustStatus } from "../../src/trust/index.ts";
import { type Breakwater, startBreakwater } from "../support/breakwater.ts";
import { run } from "../support/command.ts";
import { addMember, createProject, createUser, type ROLE } from "../support/harbor.ts";
import { ANY_MANIFEST, type Content } from "../support/image.ts";
import { openRooms } from "../support/installation.ts";
import { freePort } from "../support/ports.ts";
import { expectStatus, openRepository } from "../support/registry-client.ts";
import { type Runner, succeeded, TrustPerson, type TrustServers } from "./trust-person.ts";

/** A server, and people who sign and pull. Several tests may share it, each with a project of its own. */
export class TrustScene implements AsyncDisposable {
  readonly server: Breakwater;
  readonly servers: TrustServers;
  readonly #run: Runner;
  readonly #owned: AsyncDisposableStack;

  constructor(server: Breakwater, servers: TrustServers, runner: Runner, owned: AsyncDisposableStack) {
    this.server = server;
    this.servers = servers;
    this.#run = runner;
    this.#owned = owned;
  }

  /** `host:port`, with which images' names and those of trust data begin. */
  get host(): string {
    return this.server.host;
  }

  project(options: { public?: boolean } = {}): Promise<string> {
    return createProject(this.server, options);
  }

  /** Somebody with a role in the project, or with an account only. */
  async person(project: string, role: keyof typeof ROLE | null): Promise<TrustPerson> {
    const user = await createUser(this.server);
    if (role !== null) await addMember(this.server, project, user, role);
    return this.#owned.use(await TrustPerson.create(this.#run, this.servers, user));
  }

  async anonymous(): Promise<TrustPerson> {
    return this.#owned.use(await TrustPerson.create(this.#run, this.servers, null));
  }

  /** Has the project serve only what is signed, by all of these signers where any are named. */
  async requireTrust(project: string, ...signers: readonly string[]): Promise<void> {
    const metadata = { enable_content_trust: "true", content_trust_signers: signers.join(",") };
    const response = await this.server.api(`/projects/${project}`, {
      method: "PUT",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ metadata: signers.length > 0 ? metadata : { enable_content_trust: "true" } }),
    });
    await expectStatus(200, response);
  }

  /** Publishes a root for the repository: its keys are that person's. */
  async initialise(person: TrustPerson, repository: string): Promise<void> {
    await succeeded(person.notary("init", `${this.host}/${repository}`, "--publish"));
  }

  /** Signs a manifest under a tag with the notary program, which does not need the image for it. */
  async sign(
    person: TrustPerson,
    repository: string,
    tag: string,
    { digest, size }: Pick<Content, "digest" | "size">,
  ): Promise<void> {
    const [gun, hash] = [`${this.host}/${repository}`, digest.replace("sha256:", "")];
    await succeeded(person.notary("addhash", gun, tag, String(size), "--sha256", hash, "--publish"));
  }

  /** The digest that a tag points to. */
  async digest(repository: string, tag: string): Promise<string> {
    const opened = await openRepository(this.server, repository);
    const headers = { accept: ANY_MANIFEST };
    const response = await opened.fetch(`/manifests/${tag}`, { method: "HEAD", headers });
    return response.headers.get("docker-content-digest") ?? `none: ${response.status}`;
  }

  /** What the server itself makes of a tag. */
  async status(repository: string, tag: string): Promise<TrustStatus> {
    const digest = await this.digest(repository, tag);
    const env = { BREAKWATER_EXTERNAL_URL: `https://${this.host}` };
    await using rooms = await openRooms(this.server.dataDir, env);
    const [status] = await rooms.trust.statuses.of(repository, [{ tag, digest }]);
    if (status === undefined) throw new Error("no status of a tag that was asked for");
    return status;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#owned[Symbol.asyncDispose]();
  }
}

/** The server of a scene, by the name under which its clients find it. */
export async function startTrustServer(hostname: string) {
  const notaryPort = await freePort();
  const server = await startBreakwater({ hostname, config: { notary: { port: notaryPort } } });
  const { host, caFile } = server;
  return { server, servers: { registry: host, notary: `${hostname}:${notaryPort}`, caFile } };
}

/** For the notary program alone. */
export async function startNotaryScene(): Promise<TrustScene> {
  await using started = new AsyncDisposableStack();
  const { server, servers } = await startTrustServer("localhost");
  started.use(server);
  return new TrustScene(server, servers, run, started.move());
}

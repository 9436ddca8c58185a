import { copyFile, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Credentials } from "../support/breakwater.ts";
import type { CommandOptions, CommandResult } from "../support/command.ts";
import { type TemporaryDirectory, temporaryDirectory } from "../support/temporary-directory.ts";

const PASSPHRASE = "correct-horse-battery";

export interface TrustServers {
  /** `host:port` of the registry, and of the trust server. */
  readonly registry: string;
  readonly notary: string;
  readonly caFile: string;
}

/** Runs a program where the servers' names can be resolved. */
export type Runner = (command: readonly string[], options: CommandOptions) => Promise<CommandResult>;

/** Somebody with a home, in which are Docker's settings, keys and trust, and with an account or none. */
export class TrustPerson implements AsyncDisposable {
  readonly home: string;
  readonly #run: Runner;
  readonly #servers: TrustServers;
  readonly #credentials: Credentials | null;
  readonly #directory: TemporaryDirectory;

  private constructor(
    directory: TemporaryDirectory,
    run: Runner,
    servers: TrustServers,
    credentials: Credentials | null,
  ) {
    this.home = directory.path;
    this.#directory = directory;
    this.#run = run;
    this.#servers = servers;
    this.#credentials = credentials;
  }

  static async create(run: Runner, servers: TrustServers, credentials: Credentials | null) {
    const directory = await temporaryDirectory("person");
    const person = new TrustPerson(directory, run, servers, credentials);
    for (const host of [servers.registry, servers.notary]) {
      const folder = join(directory.path, ".docker/tls", host);
      await mkdir(folder, { recursive: true });
      await copyFile(servers.caFile, join(folder, "ca.crt"));
    }
    if (credentials === null) return person;
    // What `docker login` writes.
    const auth = btoa(`${credentials.username}:${credentials.password}`);
    const config = JSON.stringify({ auths: { [servers.registry]: { auth } } });
    await writeFile(join(directory.path, ".docker/config.json"), config);
    return person;
  }

  /** A docker command without content trust, whatever becomes of it. */
  docker(...args: string[]): Promise<CommandResult> {
    return this.#start(["docker", ...args]);
  }

  /** As `docker`, with content trust on. */
  trusted(...args: string[]): Promise<CommandResult> {
    return this.trustedThrough("notary", ...args);
  }

  /** As `trusted`, by way of the trust server's port or, as Docker does left to itself, of the registry's. */
  trustedThrough(port: "notary" | "registry", ...args: string[]): Promise<CommandResult> {
    const server =
      port === "notary" ? { DOCKER_CONTENT_TRUST_SERVER: `https://${this.#servers.notary}` } : {};
    return this.#start(["docker", ...args], { DOCKER_CONTENT_TRUST: "1", ...server });
  }

  /** A command of the `notary` program, on the same keys and trust that docker has. */
  notary(...args: string[]): Promise<CommandResult> {
    const { notary, caFile } = this.#servers;
    const trust = join(this.home, ".docker/trust");
    return this.#start(["notary", "-d", trust, "--tlscacert", caFile, "-s", `https://${notary}`, ...args]);
  }

  #start(command: readonly string[], env: Record<string, string> = {}): Promise<CommandResult> {
    const roles = ["ROOT", "TARGETS", "SNAPSHOT", "DELEGATION"];
    const passphrases = Object.fromEntries(roles.map((role) => [`NOTARY_${role}_PASSPHRASE`, PASSPHRASE]));
    const account =
      this.#credentials === null
        ? {}
        : { NOTARY_AUTH: btoa(`${this.#credentials.username}:${this.#credentials.password}`) };
    return this.#run(command, {
      cwd: this.home,
      // They ask whether a root key is really to be rotated, and the last signer to be removed.
      stdin: "y\n",
      env: {
        PATH: process.env.PATH,
        HOME: this.home,
        DOCKER_CONTENT_TRUST_ROOT_PASSPHRASE: PASSPHRASE,
        DOCKER_CONTENT_TRUST_REPOSITORY_PASSPHRASE: PASSPHRASE,
        ...passphrases,
        ...account,
        ...env,
      },
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#directory[Symbol.asyncDispose]();
  }
}

/** What it printed, for a command that must succeed. */
export async function succeeded(running: Promise<CommandResult>): Promise<string> {
  const { code, output } = await running;
  if (code !== 0) throw new Error(`exit code ${code}\n${output}`);
  return output;
}

/** What it printed, for a command that must not succeed. */
export async function failed(running: Promise<CommandResult>): Promise<string> {
  const { code, output } = await running;
  if (code === 0) throw new Error(`it succeeded\n${output}`);
  return output;
}

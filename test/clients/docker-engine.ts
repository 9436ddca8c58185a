import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { Child } from "../support/child.ts";
import { type CommandOptions, type CommandResult, missingForRoot, mustRun, run } from "../support/command.ts";
import { type TemporaryDirectory, temporaryDirectory } from "../support/temporary-directory.ts";

const READY_WITHIN = 60_000;

/**
 * Docker does not check certificates of registries in 127.0.0.0/8. This address leads to the same server, and
 * there it does, so that the tests see what a user on another machine would.
 */
const CHECKED_LOOPBACK = "0.0.0.0";

/** In a mount namespace of its own the engine sees our hosts and certificates, and the machine keeps its own. */
const START = 'mount --bind "$1" /etc/hosts && mount --bind "$2" /etc/docker && shift 2 && exec dockerd "$@"';

/** A folder of one mount namespace is none in another, even where it has the same path. */
const GO_ON = 'cd "$0" && exec "$@"';

/** Why no Docker Engine can be started here. */
export async function noDockerEngine(): Promise<string | undefined> {
  const missing = missingForRoot("dockerd", "docker", "unshare", "nsenter");
  if (missing !== undefined) return missing;
  const { code } = await run(["unshare", "--mount", "true"]);
  return code === 0 ? undefined : "mount namespaces are not allowed here";
}

export interface EngineOptions {
  /** Resolves to this machine. */
  readonly hostname: string;
  /** Registries, by `host:port`, and the file of the CA to trust for each. */
  readonly trust?: Readonly<Record<string, string>>;
}

/** A Docker Engine with its own data, socket and trust: `await using engine = await startDockerEngine(…)`. */
export async function startDockerEngine(options: EngineOptions): Promise<DockerEngine> {
  const home = await temporaryDirectory("docker");
  const at = (name: string) => join(home.path, name);
  const hosts = await readFile("/etc/hosts", "utf8");
  await writeFile(at("hosts"), `${hosts}\n${CHECKED_LOOPBACK} ${options.hostname}\n`);
  for (const [registry, caFile] of Object.entries(options.trust ?? {})) {
    const target = join(at("etc/certs.d"), registry, "ca.crt");
    await mkdir(dirname(target), { recursive: true });
    await writeFile(target, await readFile(caFile));
  }
  await Promise.all([at("etc"), at("client"), "/etc/docker"].map((path) => mkdir(path, { recursive: true })));
  const socket = `unix://${at("socket")}`;
  const dockerd = ["--bridge=none", "--iptables=false", "--ip6tables=false", `--host=${socket}`];
  dockerd.push(`--data-root=${at("data")}`, `--exec-root=${at("exec")}`, `--pidfile=${at("pid")}`);
  const child = new Child(
    "unshare",
    ["--mount", "--propagation", "private", "sh", "-ec", START, "sh", at("hosts"), at("etc"), ...dockerd],
    { logFile: at("log"), env: process.env },
  );
  const engine = new DockerEngine(home, child, { DOCKER_HOST: socket, DOCKER_CONFIG: at("client") });
  const deadline = Date.now() + READY_WITHIN;
  while (child.running && Date.now() < deadline) {
    if ((await engine.try("info")).code === 0) return engine;
    await Bun.sleep(100);
  }
  const log = await readFile(at("log"), "utf8");
  await engine[Symbol.asyncDispose]();
  throw new Error(`dockerd did not become ready:\n${log}`);
}

export class DockerEngine implements AsyncDisposable {
  readonly #home: TemporaryDirectory;
  readonly #child: Child;
  readonly #env: Record<string, string | undefined>;

  constructor(home: TemporaryDirectory, child: Child, env: Record<string, string>) {
    this.#home = home;
    this.#child = child;
    this.#env = { ...process.env, ...env };
  }

  /** A docker command that must succeed; its stdout, trimmed. */
  async docker(...args: string[]): Promise<string> {
    return (await mustRun(["docker", ...args], { env: this.#env })).trim();
  }

  /** A docker command, whatever becomes of it. */
  try(...args: string[]): Promise<CommandResult> {
    return run(["docker", ...args], { env: this.#env });
  }

  /** Runs a program that speaks to this engine and finds the hosts that it finds, whatever becomes of it. */
  runInside(command: readonly string[], options: CommandOptions = {}): Promise<CommandResult> {
    const enter = ["nsenter", "--mount", `--target=${this.#child.pid}`, "sh", "-ec", GO_ON];
    const env = { ...process.env, DOCKER_HOST: this.#env.DOCKER_HOST, ...options.env };
    return run([...enter, options.cwd ?? "/", ...command], { ...options, env });
  }

  login(registry: string, user: { username: string; password: string }): Promise<CommandResult> {
    return run(["docker", "login", "--username", user.username, "--password-stdin", registry], {
      env: this.#env,
      stdin: user.password,
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#child.stop();
    await this.#home[Symbol.asyncDispose]();
  }
}

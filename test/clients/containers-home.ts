import { copyFile, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Breakwater, Credentials } from "../support/breakwater.ts";
import { type CommandResult, mustRun, run } from "../support/command.ts";
import { type TemporaryDirectory, temporaryDirectory } from "../support/temporary-directory.ts";

/**
 * The settings and storage of podman, buildah and skopeo, apart from the machine's own and without need of overlay
 * mounts. The CA is trusted for the one server.
 */
export async function containersHome(server: Breakwater): Promise<ContainersHome> {
  const home = await temporaryDirectory("containers");
  const at = (name: string) => join(home.path, name);
  await Promise.all(
    [at("certs"), at(".config/containers"), at("run")].map((path) => mkdir(path, { recursive: true })),
  );
  await copyFile(server.caFile, at("certs/ca.crt"));
  await writeFile(at(".config/containers/policy.json"), '{"default":[{"type":"insecureAcceptAnything"}]}');
  await writeFile(at("registries.conf"), "");
  await writeFile(at("auth.json"), "{}");
  await writeFile(
    at("storage.conf"),
    `[storage]\ndriver = "vfs"\ngraphroot = "${at("storage")}"\nrunroot = "${at("run")}"\n`,
  );
  return new ContainersHome(home);
}

export class ContainersHome implements AsyncDisposable {
  readonly #home: TemporaryDirectory;
  readonly #env: Record<string, string | undefined>;

  constructor(home: TemporaryDirectory) {
    this.#home = home;
    this.#env = {
      ...process.env,
      HOME: home.path,
      XDG_RUNTIME_DIR: join(home.path, "run"),
      REGISTRY_AUTH_FILE: join(home.path, "auth.json"),
      CONTAINERS_STORAGE_CONF: join(home.path, "storage.conf"),
      CONTAINERS_REGISTRIES_CONF: join(home.path, "registries.conf"),
    };
  }

  /** A path for files of the test's own. */
  path(name: string): string {
    return join(this.#home.path, name);
  }

  get certificates(): string {
    return this.path("certs");
  }

  /** A command that must succeed, run in this folder; its stdout, trimmed. */
  async run(...command: string[]): Promise<string> {
    return (await mustRun(command, { env: this.#env, cwd: this.#home.path })).trim();
  }

  /** A command, whatever becomes of it. */
  try(...command: string[]): Promise<CommandResult> {
    return run(command, { env: this.#env, cwd: this.#home.path });
  }

  /** Logs in with one of the three programs; the others find the credentials in the same file. */
  login(
    program: "podman" | "buildah" | "skopeo",
    server: Breakwater,
    user: Credentials,
  ): Promise<CommandResult> {
    const options = ["--cert-dir", this.certificates, "--username", user.username, "--password-stdin"];
    return run([program, "login", ...options, server.host], { env: this.#env, stdin: user.password });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#home[Symbol.asyncDispose]();
  }
}

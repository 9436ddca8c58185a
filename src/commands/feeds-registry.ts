import type { Command } from "commander";
import type { Config } from "../config/index.ts";
import type { Access, Login } from "../scan/index.ts";

/** What the command line says of a registry. */
export interface RegistryOptions {
  readonly username?: string;
  readonly passwordStdin?: boolean;
  readonly caBundle?: string;
}

/** How that registry is reached. */
export async function registryAccess(
  config: Config,
  options: RegistryOptions,
  command: Command,
): Promise<Access> {
  const { username, passwordStdin, caBundle } = options;
  if ((username === undefined) === (passwordStdin === true)) {
    command.error("error: '--username' and '--password-stdin' go together");
  }
  const login: Login =
    username === undefined
      ? { kind: "none" }
      : { kind: "basic", username, password: (await Bun.stdin.text()).split(/\r?\n/, 1)[0] ?? "" };
  const { bundleAccess } = await import("../serve/index.ts");
  return bundleAccess(config, caBundle ?? null, login);
}

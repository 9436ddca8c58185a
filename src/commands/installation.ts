import { existsSync } from "node:fs";
import type { Config } from "../config/index.ts";
import type { Services } from "../serve/index.ts";
import { type ConfigurationOptions, loadConfiguration } from "./configuration.ts";

/** An installation's rooms; disposing of it closes them. */
export interface Installation extends AsyncDisposable {
  readonly config: Config;
  readonly services: Services;
}

/**
 * Opens an installation that is there already, beside a server that may be running on it. Throws where there is
 * none: a command that looks after data must not make any.
 */
export async function openInstallation(options: ConfigurationOptions): Promise<Installation> {
  const { config } = await loadConfiguration(options);
  const { databaseFile, openServices } = await import("../serve/index.ts");
  const file = databaseFile(config);
  if (file !== null && !existsSync(file)) {
    throw new Error(
      `There is no registry in ${config.dataVolume}: ${file} does not exist. Give the server's configuration with --config, or run this where the server was started.`,
    );
  }
  const services = await openServices(config);
  return { config, services, [Symbol.asyncDispose]: () => services[Symbol.asyncDispose]() };
}

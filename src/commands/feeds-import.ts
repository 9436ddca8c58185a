import { resolve } from "node:path";
import type { Command } from "commander";
import type { ConfigurationOptions } from "./configuration.ts";
import { type RegistryOptions, registryAccess } from "./feeds-registry.ts";
import { counted } from "./format.ts";
import { openInstallation } from "./installation.ts";
import { interruption } from "./interruption.ts";
import { progressLine } from "./progress.ts";

interface ImportOptions extends ConfigurationOptions, RegistryOptions {
  readonly key?: readonly string[];
  readonly force?: boolean;
}

/** Milliseconds for which another process may be at it. */
const patience = 10 * 60_000;

export async function importDatabase(
  bundle: string,
  options: ImportOptions,
  command: Command,
): Promise<void> {
  await using installation = await openInstallation(options);
  const { config, services } = installation;
  using progress = progressLine();
  const { manifest, exchanged } = await services.feeds.import({
    from: bundle.includes("://") ? bundle : resolve(bundle),
    access: await registryAccess(config, options, command),
    keys: options.key ?? config.scan.trustedKeys,
    force: options.force ?? false,
    patience,
    progress: progress.show,
    signal: interruption(),
  });
  progress.clear();
  const what = `the vulnerability database ${manifest.version} of ${new Date(manifest.builtAt).toISOString()} (${counted(manifest.feeds.length, "feed")})`;
  console.log(exchanged ? `Imported ${what}.` : `Nothing to do: ${what} is in use already.`);
}

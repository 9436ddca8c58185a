import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Command } from "commander";
import type { ConfigurationOptions } from "./configuration.ts";
import { type RegistryOptions, registryAccess } from "./feeds-registry.ts";
import { openInstallation } from "./installation.ts";
import { interruption } from "./interruption.ts";

interface ExportOptions extends ConfigurationOptions, RegistryOptions {
  readonly push?: string;
  readonly signKey?: string;
}

export async function exportDatabase(
  file: string | undefined,
  options: ExportOptions,
  command: Command,
): Promise<void> {
  const { push, signKey = null } = options;
  if ((file === undefined) === (push === undefined)) {
    command.error("error: name a file, or a registry with '--push'");
  }
  await using installation = await openInstallation(options);
  const { config, services } = installation;
  if (file !== undefined) {
    await services.feeds.export(file, signKey);
    return console.log(
      `${file}: the vulnerability database${signKey === null ? "" : `, signed in ${file}.sig`}.`,
    );
  }
  const access = await registryAccess(config, options, command);
  const folder = await mkdtemp(join(tmpdir(), "breakwater-export-"));
  try {
    const bundle = join(folder, "bundle.tar");
    await services.feeds.export(bundle, signKey);
    const { pushBundle } = await import("../scan/index.ts");
    const digest = await pushBundle(bundle, push ?? "", access, interruption());
    console.log(`${push}@${digest}`);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

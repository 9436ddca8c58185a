import { type Command, InvalidArgumentError } from "commander";
import { type ConfigurationOptions, configOption, loadConfiguration } from "./configuration.ts";

interface ServeOptions extends ConfigurationOptions {
  readonly workers?: number;
}

const help = `
Without a file it listens for HTTPS on port 8443, with a certificate authority that it makes at the first
start, and keeps everything in ./data. The first start prints the password of "admin" and what to do next.

Every key of the file can be set by a variable too, which prevails: https.port by BREAKWATER_HTTPS_PORT.
"breakwater config variables" lists them.

Signals:
  SIGTERM, SIGINT  stop: requests that are being answered are finished first

Examples:
  breakwater serve
  breakwater serve --config /etc/breakwater/breakwater.yml --workers 4
  BREAKWATER_HOSTNAME=registry.example.com breakwater serve`;

export function addServe(program: Command): void {
  program
    .command("serve")
    .description("Run the registry.")
    .addOption(configOption())
    .option("-w, --workers <n>", "processes that serve the one data directory (default: 1)", parseWorkers)
    .addHelpText("after", help)
    .action(async (options: ServeOptions) => {
      const { workers } = options;
      const overrides = workers === undefined ? {} : { BREAKWATER_WORKERS: String(workers) };
      const { config, warnings } = await loadConfiguration(options, overrides);
      const { serve } = await import("../serve/index.ts");
      await serve(config, warnings);
    });
}

function parseWorkers(text: string): number {
  const workers = /^\d{1,3}$/.test(text) ? Number(text) : 0;
  if (workers < 1 || workers > 256) throw new InvalidArgumentError("It is a whole number from 1 to 256.");
  return workers;
}

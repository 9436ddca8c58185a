import type { Command } from "commander";
import { type ConfigurationOptions, configOption, loadConfiguration } from "./configuration.ts";

const checkHelp = `
Prints every key with the value that the server would use, secrets masked, on the standard output, and
warnings on the standard error. What it prints is itself in the file's form.

Exit codes:
  0  the configuration is valid, perhaps with warnings
  1  it is not; every wrong value is named, with what was expected

Examples:
  breakwater config check
  breakwater config check --config harbor.yml`;

const variablesHelp = `
A variable prevails over the file's key. Its name is the key's in capitals, with "_" for ".", after
BREAKWATER_; for the keys below "breakwater:" that word is not said twice.`;

export function addConfig(program: Command): void {
  const config = program.command("config").description("See what the configuration means.");
  config
    .command("check")
    .description("Check the configuration and print what is in effect.")
    .addOption(configOption())
    .addHelpText("after", checkHelp)
    .action(check);
  config
    .command("variables")
    .description("List the keys of the file and the environment variable for each.")
    .addHelpText("after", variablesHelp)
    .action(variables);
}

async function check(options: ConfigurationOptions): Promise<void> {
  const { config, warnings } = await loadConfiguration(options);
  const [{ describeConfig }, { stringify }] = await Promise.all([
    import("../config/index.ts"),
    import("yaml"),
  ]);
  for (const warning of warnings) console.error(`Warning: ${warning}`);
  process.stdout.write(stringify(describeConfig(config)));
}

async function variables(): Promise<void> {
  const { keyPaths, variableOf } = await import("../config/index.ts");
  const width = Math.max(...keyPaths.map((key) => key.length));
  for (const key of keyPaths) console.log(`${key.padEnd(width)}  ${variableOf(key)}`);
}

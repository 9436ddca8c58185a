import { Command, CommanderError } from "commander";
import { addCommands } from "./commands/index.ts";
import { version } from "./kernel/index.ts";

const program = new Command("breakwater")
  .description("A private container registry that can be trusted.")
  .version(version)
  .option("--debug", "show where in the program an error came from")
  .helpCommand("help [command]", "show what a command does and takes")
  .showHelpAfterError("Add --help to see what it takes.")
  .exitOverride()
  .addHelpText(
    "after",
    `
Examples:
  breakwater serve                          with the defaults: HTTPS on 8443, data in ./data
  breakwater serve --config breakwater.yml  with a file of Harbor's form
  breakwater config check -c harbor.yml     what a file means, and what is wrong in it

Exit codes:
  0  done
  1  it failed; a sentence on the standard error says why
  2  the command line is wrong`,
  );
addCommands(program);

try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = report(error);
}

/** Tells the person at the terminal, and returns the exit code. */
function report(error: unknown): number {
  // Commander has said already what is wrong with the command line.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  const debug = program.opts().debug === true || process.env.BREAKWATER_LOG_LEVEL === "debug";
  const message = error instanceof Error ? error.message : String(error);
  console.error(`breakwater: ${message}`);
  if (debug) console.error(error);
  return 1;
}

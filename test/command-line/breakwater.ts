import { join } from "node:path";
import { type CommandResult, run } from "../support/command.ts";

const MAIN = join(import.meta.dir, "../../src/main.ts");

/** Runs the command line as a person does, without the settings of the person who runs the tests. */
export function breakwater(
  args: readonly string[],
  options: { readonly cwd?: string; readonly env?: Record<string, string>; readonly stdin?: string } = {},
): Promise<CommandResult> {
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith("BREAKWATER_"));
  const env = { ...Object.fromEntries(inherited), NO_COLOR: "1", ...options.env };
  return run([process.execPath, MAIN, ...args], { ...options, env });
}

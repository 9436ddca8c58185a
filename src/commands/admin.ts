import type { Command } from "commander";
import { type ConfigurationOptions, configOption } from "./configuration.ts";
import { openInstallation } from "./installation.ts";

interface ResetOptions extends ConfigurationOptions {
  readonly passwordStdin?: boolean;
}

const help = `
Sets a new password and ends the user's sessions. Without --password-stdin it makes one up and prints it once.
It works beside the running server, and needs the rights to the server's data instead of a password.

Examples:
  breakwater admin reset-password
  breakwater admin reset-password alice --config /etc/breakwater/breakwater.yml
  pass show registry/admin | breakwater admin reset-password --password-stdin`;

export function addAdmin(program: Command): void {
  program
    .command("admin")
    .description("Help yourself where the web interface cannot.")
    .command("reset-password")
    .description("Set a user's password anew.")
    .argument("[user]", "username or email", "admin")
    .addOption(configOption())
    .option("--password-stdin", "take the new password from the standard input's first line")
    .addHelpText("after", help)
    .action(resetPassword);
}

async function resetPassword(name: string, options: ResetOptions): Promise<void> {
  await using installation = await openInstallation(options);
  const { users } = installation.services.access;
  const user = await users.find(name);
  if (user === null) throw new Error(`There is no user "${name}".`);
  const given = options.passwordStdin ? firstLine(await Bun.stdin.text()) : null;
  const { systemCaller } = await import("../kernel/index.ts");
  const { generateSecret } = await import("../access/index.ts");
  const password = given ?? generateSecret(20);
  await users.changePassword(systemCaller, user.id, password);
  if (given === null) console.log(`The new password of "${user.username}" (shown once): ${password}`);
  else console.log(`The password of "${user.username}" was changed.`);
}

function firstLine(text: string): string {
  return text.split(/\r?\n/, 1)[0] ?? "";
}

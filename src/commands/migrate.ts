import type { Command } from "commander";
import type { Move } from "../serve/index.ts";
import { type ConfigurationOptions, configOption } from "./configuration.ts";
import { counted, formatBytes } from "./format.ts";
import { openInstallation } from "./installation.ts";
import { progressLine } from "./progress.ts";

interface MigrateOptions extends ConfigurationOptions {
  readonly to: string;
  readonly json?: boolean;
}

const help = `
Copies everything, from the installation that --config and the environment describe, to the one that the file of
--to describes: from the embedded database and files to PostgreSQL and S3, or back. The source is only read.
For the target the environment's variables do not count, because they are the source's.

The source must be stopped, all copies of it: it is refused while one is seen in the database, and rows that were
changed meanwhile are noticed. The target must be empty, and starts to be served only when the copy is whole.
Accounts, robots, tokens, sessions, signatures and uploads under way stay good: the target gets the secret
(and the authority, if the source made its own) of the source, or is refused when it has another.

It can be stopped at any time and run again: it goes on where it was. Where both name the same storage, only the
metadata are copied. At the end all rows are compared, and the target is checked as by "breakwater fsck"; each
blob's bytes were hashed on their way. Content that the source's database does not know is not copied.

Exit codes:
  0  the copy is whole: serve the target from now on
  1  it failed, or something is wrong with the source or the copy
  2  the command line is wrong

Examples:
  breakwater migrate --config /etc/breakwater/breakwater.yml --to /etc/breakwater/cluster.yml
  breakwater migrate --config /etc/breakwater/cluster.yml --to /etc/breakwater/breakwater.yml`;

export function addMigrate(program: Command): void {
  program
    .command("migrate")
    .description("Copy the whole installation to another database and storage.")
    .addOption(configOption())
    .requiredOption("--to <file>", "configuration of the installation to copy to")
    .option("--json", "print the report as JSON")
    .addHelpText("after", help)
    .action(run);
}

async function run(options: MigrateOptions): Promise<void> {
  const { loadConfig } = await import("../config/index.ts");
  const { config: target } = await loadConfig({ file: options.to, env: {}, cwd: process.cwd() });
  await using source = await openInstallation(options);
  const { moveInstallation } = await import("../serve/index.ts");
  using progress = progressLine();
  const move = await moveInstallation(source.config, source.services, target, progress.show);
  progress.clear();
  if (options.json) console.log(JSON.stringify(move));
  else console.log(sentences(move).join("\n"));
  if (move.damaged.length + move.findings.length > 0) process.exitCode = 1;
}

function sentences(move: Move): string[] {
  const { from, to, rows, blobs, present, bytes, uploads, links, damaged, findings } = move;
  const before = present === 0 ? "" : `, ${present} of them by a run before this`;
  const whole = damaged.length + findings.length === 0;
  return [
    `From ${from}`,
    `to   ${to}:`,
    `${counted(rows, "row")}; ${counted(blobs, "blob")}${before} (${formatBytes(bytes)} copied now); ${counted(links, "link")}; ${counted(uploads, "upload")} under way.`,
    ...damaged.map((what) => `damage: the blob ${what}.`),
    ...findings.map(({ severity, message }) => `${severity}: ${message}`),
    whole
      ? "All rows are the same on both sides, and the copy is whole. Serve the target from now on, and not the source."
      : 'Something is wrong, so that the copy cannot be served yet. Run "breakwater fsck --repair" on the source, then this again.',
  ];
}

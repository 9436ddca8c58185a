import type { Command } from "commander";
import type { CollectionReport } from "../registry/index.ts";
import { type ConfigurationOptions, configOption } from "./configuration.ts";
import { counted, durationArgument, formatBytes } from "./format.ts";
import { openInstallation } from "./installation.ts";
import { progressLine } from "./progress.ts";

interface GcOptions extends ConfigurationOptions {
  readonly dryRun?: boolean;
  readonly deleteUntagged?: boolean;
  readonly grace?: string;
  readonly json?: boolean;
}

const help = `
Deletes the content that no manifest has named for the grace period. It works beside the running server, which
does the same by its schedule (breakwater.gc.schedule); pushes and pulls go on meanwhile. Content that is pushed
or mounted anew during the grace period stays.

--delete-untagged also deletes manifests that were pushed before the grace period and that nothing needs any
more: no tag points to them, no index names them, and they refer to no subject.

Examples:
  breakwater gc --dry-run
  breakwater gc
  breakwater gc --delete-untagged --dry-run
  breakwater gc --grace 24h --config /etc/breakwater/breakwater.yml`;

export function addGc(program: Command): void {
  program
    .command("gc")
    .description("Delete content that nothing needs any more.")
    .addOption(configOption())
    .option("--dry-run", "only say what would be deleted")
    .option(
      "--grace <duration>",
      "how long to keep what nothing names (default: breakwater.gc.grace, 2h)",
      durationArgument,
    )
    .option("--delete-untagged", "also delete manifests that no tag, no index and no subject keeps")
    .option("--json", "print the report as JSON")
    .addHelpText("after", help)
    .action(run);
}

async function run(options: GcOptions): Promise<void> {
  await using installation = await openInstallation(options);
  const { config, services } = installation;
  const { formatDuration, parseDuration } = await import("../config/index.ts");
  const grace = options.grace === undefined ? config.gc.grace : (parseDuration(options.grace) ?? 0);
  const dryRun = options.dryRun ?? false;
  using progress = progressLine();
  const report = await services.registry.collector.collect({
    grace,
    dryRun,
    deleteUntagged: options.deleteUntagged ?? false,
    onProgress: async (report) =>
      progress.show(`${counted(report.deleted, "blob")} deleted, ${formatBytes(report.freed)} freed`),
  });
  progress.clear();
  if (options.json) console.log(JSON.stringify({ dryRun, grace, ...report }));
  else console.log(sentences(report, formatDuration(grace), dryRun).join("\n"));
}

function sentences(
  { manifests, unlinked, deleted, freed }: CollectionReport,
  grace: string,
  dryRun: boolean,
): string[] {
  const would = dryRun ? "would be " : "";
  const since = `that no manifest has named for ${grace}`;
  if (manifests + unlinked + deleted === 0) return [`There is nothing ${since}.`];
  const untagged = `${counted(manifests, "untagged manifest")} ${would}deleted; their content goes after the grace.`;
  return [
    ...(manifests > 0 ? [untagged] : []),
    `${counted(unlinked, "blob")} ${since} ${would}taken out of repositories.`,
    `${counted(deleted, "blob")} ${would}deleted, ${formatBytes(freed)} ${would}freed.`,
  ];
}

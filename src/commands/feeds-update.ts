import type { Command } from "commander";
import type { ConfigurationOptions } from "./configuration.ts";
import { openInstallation } from "./installation.ts";
import { interruption } from "./interruption.ts";
import { progressLine } from "./progress.ts";

interface UpdateOptions extends ConfigurationOptions {
  readonly all?: boolean;
  readonly json?: boolean;
}

/** Milliseconds for which another process may be at it. */
const patience = 10 * 60_000;

export async function update(
  names: readonly string[],
  options: UpdateOptions,
  command: Command,
): Promise<void> {
  if (options.all && names.length > 0) command.error("error: name feeds, or say '--all'");
  await using installation = await openInstallation(options);
  const { config, services } = installation;
  if (config.scan.feeds.length === 0) {
    throw new Error(
      "The configuration has no feeds: set breakwater.scan.feeds, or breakwater.scan.default_feeds.",
    );
  }
  using progress = progressLine();
  const wanted = options.all ? "all" : names;
  const report = await services.feeds.update({
    ...(wanted.length > 0 ? { names: wanted } : {}),
    patience,
    progress: progress.show,
    signal: interruption(),
  });
  progress.clear();
  const failed = report.feeds.filter(({ outcome }) => outcome === "failed");
  if (failed.length > 0) process.exitCode = 1;
  if (options.json) return console.log(JSON.stringify(report));
  for (const { name, error } of failed) console.error(`${name}: ${error}`);
  if (report.feeds.length === 0) return console.log("No feed is due. Name some, or say --all.");
  const having = (outcome: string) => report.feeds.filter((feed) => feed.outcome === outcome).length;
  console.log(`${having("new")} new, ${having("unchanged")} unchanged, ${failed.length} failed.`);
  console.log(
    report.exchanged ? "There is a new vulnerability database." : "The vulnerability database stays.",
  );
}

import { type ConfigurationOptions, loadConfiguration } from "./configuration.ts";
import { counted } from "./format.ts";
import { interruption } from "./interruption.ts";
import { progressLine } from "./progress.ts";

interface BuildOptions extends ConfigurationOptions {
  readonly out: string;
  readonly signKey?: string;
}

export async function build(options: BuildOptions): Promise<void> {
  const { config } = await loadConfiguration(options);
  const [{ feedsOf }, { buildBundle }] = await Promise.all([
    import("../serve/index.ts"),
    import("../scan/index.ts"),
  ]);
  const feeds = feedsOf(config).filter(({ enabled }) => enabled);
  if (feeds.length === 0) {
    throw new Error(
      "The configuration has no feeds: set breakwater.scan.feeds, or breakwater.scan.default_feeds.",
    );
  }
  using progress = progressLine();
  const { manifest, failures } = await buildBundle({
    feeds,
    out: options.out,
    signKey: options.signKey ?? null,
    clock: Date.now,
    progress: progress.show,
    signal: interruption(),
  });
  progress.clear();
  for (const { feed, reason } of failures) console.error(`${feed}: ${reason}`);
  if (failures.length > 0) process.exitCode = 1;
  const records = manifest.feeds.reduce((sum, feed) => sum + feed.records, 0);
  console.log(
    `${options.out}: ${counted(manifest.feeds.length, "feed")}, ${counted(records, "record")}, version ${manifest.version}.`,
  );
}

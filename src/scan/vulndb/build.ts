import { mkdir, open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import type { DatabaseManifest } from "./advisory.ts";
import { VulnerabilityDatabase } from "./database.ts";
import { FeedCompiler, type FetchedFeed } from "./feed-compiler.ts";
import { manifestOf } from "./manifest.ts";
import { PreviousDatabase } from "./previous.ts";
import { seal } from "./seal.ts";
import { DatabaseWriter } from "./writer.ts";

export type { FetchedFeed } from "./feed-compiler.ts";

export interface BuildOptions {
  readonly target: string;
  /** The database before this one; null for the first. What it has of feeds that are not named here stays. */
  readonly previous: string | null;
  readonly feeds: readonly FetchedFeed[];
  /** Feeds of the previous database that go. */
  readonly drop: readonly string[];
  readonly builtAt: number;
  /** Now and then while a feed is read. */
  readonly onProgress?: (feed: string, records: number) => void;
}

export interface BuildResult {
  readonly manifest: DatabaseManifest;
  /** Feeds that could not be read, and why, in a sentence: they keep what the previous database has. */
  readonly failures: readonly { readonly feed: string; readonly reason: string }[];
}

/**
 * Compiles feeds into a new database, which then lies at `target` as a whole or not at all. Where a feed no longer
 * tells of an ecosystem, what it last told stays, marked as dropped. Throws FEED_INVALID when `previous` is unusable.
 */
export async function buildDatabase(options: BuildOptions): Promise<BuildResult> {
  const { target, previous } = options;
  if (previous !== null) (await VulnerabilityDatabase.open(previous)).close();
  const unfinished = `${target}.unfinished`;
  await mkdir(dirname(target), { recursive: true });
  await rm(unfinished, { force: true });
  try {
    const result = await compile(unfinished, options);
    await seal(unfinished);
    await rename(unfinished, target);
    await syncFolder(dirname(target));
    return result;
  } finally {
    await rm(unfinished, { force: true });
  }
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

async function compile(path: string, options: BuildOptions): Promise<BuildResult> {
  const failures: { feed: string; reason: string }[] = [];
  using writer = new DatabaseWriter(path);
  const previous = options.previous === null ? null : new PreviousDatabase(writer, options.previous);
  const feeds = new FeedCompiler(writer, previous, options.onProgress ?? (() => {}));
  const fetched = new Map(options.feeds.map((feed) => [feed.name, feed]));
  const kept = (previous?.names() ?? []).filter((name) => !options.drop.includes(name));
  writer.database.run("begin");
  for (const name of [...new Set([...kept, ...fetched.keys()])].sort()) {
    const feed = fetched.get(name);
    const reason = feed === undefined ? null : await feeds.read(feed);
    if (reason !== null) failures.push({ feed: name, reason });
    if (reason !== null || feed === undefined) feeds.keep(name);
  }
  writer.database.run("commit");
  writer.finish();
  const manifest = manifestOf(writer, options.builtAt);
  writer.database.run("insert into manifest values (?)", [JSON.stringify(manifest)]);
  return { manifest, failures };
}

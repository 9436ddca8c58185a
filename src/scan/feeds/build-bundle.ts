import { mkdtemp, rm } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { BreakwaterError, type Clock } from "../../kernel/index.ts";
import type { DatabaseManifest } from "../vulndb/advisory.ts";
import { buildInProcess } from "./build/process.ts";
import { notWritten, writeBundle } from "./bundle/write.ts";
import { collect } from "./collect.ts";
import type { Feed } from "./feed.ts";

export interface BundleRequest {
  readonly feeds: readonly Feed[];
  readonly out: string;
  /** A file with a private key to sign with. */
  readonly signKey: string | null;
  readonly clock: Clock;
  readonly progress: (line: string) => void;
  readonly signal: AbortSignal;
}

export interface BundleReport {
  readonly manifest: DatabaseManifest;
  /** Feeds that are not in it, with a sentence each. */
  readonly failures: readonly { readonly feed: string; readonly reason: string }[];
}

/** Makes a bundle from feeds alone, where there is no server. Throws FEED_INVALID when none of them can be had, BAD_REQUEST. */
export async function buildBundle(request: BundleRequest): Promise<BundleReport> {
  const { feeds, signKey, clock, progress, signal } = request;
  const out = resolve(request.out);
  const folder = await mkdtemp(join(dirname(out), `.${basename(out)}-`)).catch((error) => {
    throw notWritten(out, error);
  });
  try {
    const collected = await collect(feeds, {
      ...{ folder, clock, signal, before: () => null },
      progress: (feed, bytes) => progress(`${feed}: ${(bytes / 2 ** 20).toFixed(1)} MiB`),
    });
    const fetched = collected.flatMap((one) => (one.kind === "fetched" ? [one.fetched] : []));
    const missing = collected.flatMap((one) =>
      one.kind === "failed" ? [{ feed: one.feed.name, reason: one.error }] : [],
    );
    const target = join(folder, "database.sqlite");
    const order = { target, previous: null, feeds: fetched, drop: [], builtAt: clock() };
    const told = (feed: string, records: number) => progress(`${feed}: ${records} records`);
    const { manifest, failures } = await buildInProcess(order, told, signal);
    const all = [...missing, ...failures];
    if (manifest.feeds.length === 0) {
      const [first] = all;
      throw new BreakwaterError("FEED_INVALID", `No feed could be read. ${first?.reason ?? ""}`.trim());
    }
    progress("writing the bundle");
    const lookedAt = new Map(manifest.feeds.map(({ name, fetchedAt }) => [name, fetchedAt]));
    await writeBundle({ file: target, manifest, lookedAt }, out, signKey);
    return { manifest, failures: all };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

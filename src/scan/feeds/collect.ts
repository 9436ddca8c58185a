import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { type Clock, minute } from "../../kernel/index.ts";
import type { FetchedFeed } from "./build/order.ts";
import { type Feed, sourceOf } from "./feed.ts";
import type { Found } from "./sources/question.ts";
import { fetchSource } from "./sources/source.ts";

/** For all places of a feed together. */
const deadline = 60 * minute;
/** Silence of a server that is taken for its end. */
const patience = minute;
/** Feeds that are fetched at once. */
const atOnce = 3;

/** What was known of a feed at the last good look. */
export interface Before {
  readonly sha256: string;
  readonly revision: string | null;
}

/** How it went with one feed. */
export type Collected =
  | {
      readonly kind: "fetched";
      readonly feed: Feed;
      readonly fetched: FetchedFeed;
      readonly revision: string | null;
    }
  | { readonly kind: "unchanged"; readonly feed: Feed; readonly revision: string | null }
  | { readonly kind: "failed"; readonly feed: Feed; readonly error: string };

export interface CollectOptions {
  /** A folder for what is fetched, each feed in one of its own. */
  readonly folder: string;
  /** Null for a feed that is to be had in any case. */
  readonly before: (feed: Feed) => Before | null;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Told of each feed's bytes so far. */
  readonly progress: (feed: string, bytes: number) => void;
}

/** Fetches feeds side by side, so that one that is slow or fails holds up no other. */
export async function collect(feeds: readonly Feed[], options: CollectOptions): Promise<Collected[]> {
  const waiting = [...feeds];
  const collected: Collected[] = [];
  const work = async () => {
    for (let feed = waiting.shift(); feed !== undefined; feed = waiting.shift()) {
      collected.push(await collectOne(feed, options));
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  options.signal.throwIfAborted();
  return collected;
}

async function collectOne(feed: Feed, options: CollectOptions): Promise<Collected> {
  const signal = AbortSignal.any([options.signal, AbortSignal.timeout(deadline)]);
  try {
    const before = options.before(feed);
    const revisions = before === null ? null : parseRevisions(before.revision, feed);
    const found = await fetchAll(feed, revisions, options, signal);
    if (found === null) return { kind: "unchanged", feed, revision: before?.revision ?? null };
    const revision = JSON.stringify({ sources: feed.sources, revisions: found.revisions } satisfies Revision);
    if (found.sha256 === before?.sha256) return { kind: "unchanged", feed, revision };
    const { name, format } = feed;
    const { revisions: _, ...what } = found;
    const fetched = { name, format, source: sourceOf(feed), fetchedAt: options.clock(), ...what };
    return { kind: "fetched", feed, fetched, revision };
  } catch (error) {
    const late = signal.aborted && !options.signal.aborted;
    const message = error instanceof Error ? error.message : String(error);
    return {
      kind: "failed",
      feed,
      error: late ? `It took longer than ${deadline / minute} minutes.` : message,
    };
  }
}

/** What the places said, and which places they were. */
interface Revision {
  readonly sources: readonly string[];
  readonly revisions: readonly (string | null)[];
}

interface FoundAll {
  readonly paths: readonly string[];
  readonly sha256: string;
  readonly asOf: number | null;
  readonly revisions: readonly (string | null)[];
}

/** Everything, or null when no place has anything new: what has changed alone is of no use. */
async function fetchAll(
  feed: Feed,
  revisions: readonly (string | null)[] | null,
  options: CollectOptions,
  signal: AbortSignal,
): Promise<FoundAll | null> {
  const folder = join(options.folder, feed.name);
  let bytes = 0;
  const fetch = async (index: number, revision: string | null) => {
    const part = join(folder, String(index));
    await mkdir(part, { recursive: true });
    return fetchSource({
      source: feed.sources[index] ?? "",
      access: feed.access,
      revision,
      folder: part,
      patience,
      signal,
      onBytes(count) {
        bytes += count;
        options.progress(feed.name, bytes);
      },
    });
  };
  const found: (Found | null)[] = [];
  for (const index of feed.sources.keys()) found.push(await fetch(index, revisions?.[index] ?? null));
  if (found.every((part) => part === null)) return null;
  const whole: Found[] = [];
  for (const [index, part] of found.entries()) {
    const now = part ?? (await fetch(index, null));
    if (now !== null) whole.push(now);
  }
  const hashes = whole.map((part) => part.sha256);
  const [only = ""] = hashes;
  return {
    paths: whole.map((part) => part.path),
    sha256: hashes.length === 1 ? only : Bun.CryptoHasher.hash("sha256", hashes.join("\n"), "hex"),
    asOf: whole.reduce(
      (latest: number | null, { asOf }) => ((asOf ?? 0) > (latest ?? 0) ? asOf : latest),
      null,
    ),
    revisions: whole.map((part) => part.revision),
  };
}

/** Null when it is not of the feed's places. */
function parseRevisions(text: string | null, { sources }: Feed): readonly (string | null)[] | null {
  const revision = text === null ? null : (JSON.parse(text) as Revision);
  return Bun.deepEquals(revision?.sources, sources) ? (revision?.revisions ?? null) : null;
}

import { join } from "node:path";
import { BreakwaterError, type Clock } from "../../kernel/index.ts";
import type { BuildResult } from "../vulndb/build.ts";
import type { Build, BuildOrder } from "./build/order.ts";
import { type Before, type Collected, collect } from "./collect.ts";
import type { Candidate, Exchange, Standing, Turn } from "./exchange.ts";
import type { Feed } from "./feed.ts";
import type { FeedStates, Look } from "./states.ts";

export interface UpdateOptions {
  readonly exchange: Exchange;
  readonly states: FeedStates;
  readonly feeds: readonly Feed[];
  readonly clock: Clock;
  readonly build: Build;
}

export interface UpdateRequest {
  /** Which feeds: named ones, all that are enabled, or by default those whose time has come. */
  readonly names?: readonly string[] | "all";
  /** Milliseconds to wait for another process that is at it. */
  readonly patience: number;
  /** Told how far it is, in words. */
  readonly progress: (line: string) => void;
  readonly signal: AbortSignal;
}

export interface UpdateReport {
  /** Whether there is another database now. */
  readonly exchanged: boolean;
  readonly feeds: readonly FeedOutcome[];
}

export interface FeedOutcome {
  readonly name: string;
  readonly outcome: "new" | "unchanged" | "failed";
  /** A sentence of a failure. */
  readonly error: string | null;
}

/** Brings the vulnerability database up to date: fetches, compiles, exchanges. */
export class FeedUpdates {
  readonly #options: UpdateOptions;

  constructor(options: UpdateOptions) {
    this.#options = options;
  }

  /** Throws NOT_FOUND for a name that is none, CONFLICT while another process is at it. */
  async update({ names, patience, progress, signal }: UpdateRequest): Promise<UpdateReport> {
    const { exchange, states, feeds, clock } = this.#options;
    const enabled = feeds.filter((feed) => feed.enabled);
    const named = Array.isArray(names) ? names.map((name) => this.#named(name)) : null;
    await using turn = await exchange.begin(patience, signal);
    const standing = await turn.standing();
    // Without the database before, what is not fetched now would be missing.
    const all = standing === null || names === "all";
    const wanted = all ? enabled : (named ?? (await states.due(feeds)));
    await states.begin(wanted);
    const collected = await collect(wanted, {
      folder: turn.folder,
      clock,
      signal: turn.signal,
      before: await this.#memory(standing),
      progress: (feed, bytes) => progress(`${feed}: ${(bytes / 2 ** 20).toFixed(1)} MiB`),
    });
    const compiled = await this.#build(turn, standing, collected, progress);
    const looks = collected.map((one) => [one.feed, lookOf(one, compiled)] as const);
    const candidate = compiled?.candidate ?? null;
    if (candidate !== null) progress("exchanging the database");
    const exchanged = await turn.end(standing, candidate, async (tx) => {
      for (const [feed, look] of looks) await states.endIn(tx, feed, look);
    });
    return { exchanged, feeds: collected.map((one) => outcomeOf(one, compiled)) };
  }

  #named(name: string): Feed {
    const feed = this.#options.feeds.find((one) => one.name === name);
    if (feed?.enabled) return feed;
    const what = feed === undefined ? "no feed of that name" : "a feed that is not enabled";
    throw new BreakwaterError("NOT_FOUND", `"${name}": there is ${what} in the configuration.`);
  }

  /** What the database before has of a feed, as long as it is read in the same way. */
  async #memory(standing: Standing | null): Promise<(feed: Feed) => Before | null> {
    const states = await this.#options.states.all();
    return (feed) => {
      const known = standing?.manifest.feeds.find(({ name }) => name === feed.name);
      if (known?.format !== feed.format) return null;
      return { sha256: known.sha256, revision: states.get(feed.name)?.revision ?? null };
    };
  }

  /** Null where there is nothing to compile. */
  async #build(
    { folder, signal }: Turn,
    standing: Standing | null,
    collected: readonly Collected[],
    progress: (line: string) => void,
  ): Promise<Compiled | null> {
    const { clock, feeds: configured } = this.#options;
    const feeds = collected.flatMap((one) => (one.kind === "fetched" ? [one.fetched] : []));
    const off = configured.filter((feed) => !feed.enabled).map(({ name }) => name);
    const drop = standing?.manifest.feeds.map(({ name }) => name).filter((name) => off.includes(name)) ?? [];
    if (feeds.length === 0 && drop.length === 0) return null;
    const order = {
      target: join(folder, "database.sqlite"),
      previous: standing?.file ?? null,
      feeds,
      drop,
      builtAt: clock(),
    };
    return this.#compile(order, (feed, records) => progress(`${feed}: ${records} records`), signal);
  }

  /** Should one feed end the process that compiles, all of them are compiled one by one: it holds up no other. */
  async #compile(
    order: BuildOrder,
    progress: (feed: string, records: number) => void,
    signal: AbortSignal,
  ): Promise<Compiled> {
    try {
      const { manifest, failures } = await this.#options.build(order, progress, signal);
      // A database in which there is nothing would look like one by which everything is good.
      return { candidate: manifest.feeds.length === 0 ? null : { file: order.target, manifest }, failures };
    } catch (error) {
      signal.throwIfAborted();
      const [first, ...more] = order.feeds;
      if (first === undefined) throw error;
      if (more.length === 0) {
        const reason = error instanceof Error ? error.message : String(error);
        return { candidate: null, failures: [{ feed: first.name, reason }] };
      }
    }
    let candidate: Candidate | null = null;
    const failures: Failure[] = [];
    for (const feed of order.feeds) {
      const previous: string | null = candidate?.file ?? order.previous;
      const alone = { ...order, target: `${order.target}.${feed.name}`, previous, feeds: [feed] };
      const compiled = await this.#compile(alone, progress, signal);
      candidate = compiled.candidate ?? candidate;
      failures.push(...compiled.failures);
    }
    return { candidate, failures };
  }
}

type Failure = BuildResult["failures"][number];

interface Compiled {
  readonly candidate: Candidate | null;
  readonly failures: readonly Failure[];
}

function lookOf(one: Collected, compiled: Compiled | null): Look {
  const { name } = one.feed;
  const { error } = outcomeOf(one, compiled);
  if (one.kind === "failed") return { name, error: one.error };
  return error === null ? { name, revision: one.revision } : { name, error };
}

function outcomeOf(one: Collected, compiled: Compiled | null): FeedOutcome {
  const { name } = one.feed;
  switch (one.kind) {
    case "failed":
      return { name, outcome: "failed", error: one.error };
    case "unchanged":
      return { name, outcome: "unchanged", error: null };
    case "fetched": {
      const failure = compiled?.failures.find(({ feed }) => feed === name);
      return failure === undefined
        ? { name, outcome: "new", error: null }
        : { name, outcome: "failed", error: failure.reason };
    }
  }
}

import type { Database, FeedTable } from "../../db/index.ts";
import type { Clock } from "../../kernel/index.ts";
import type { FeedManifest, GroupManifest } from "../vulndb/advisory.ts";
import { type Feed, sourceOf } from "./feed.ts";
import { type Pointer, readPointer } from "./pointer.ts";
import type { FeedStates } from "./states.ts";

/** Everything there is to say of the vulnerability database, for people, the API and metrics. */
export interface DatabaseOverview {
  /** Null while there is none. */
  readonly version: string | null;
  /** When it was compiled, and when it came to hold here. */
  readonly builtAt: number | null;
  readonly since: number | null;
  readonly feeds: readonly FeedOverview[];
}

export interface FeedOverview {
  readonly name: string;
  readonly format: string;
  readonly source: string;
  /** `imported`: it is not configured here, and came with a bundle. */
  readonly state: "enabled" | "disabled" | "imported";
  /** When its source was last found to say what is here, by this installation or the one that made the bundle. */
  readonly lastSuccessAt: number | null;
  readonly lastAttemptAt: number | null;
  /** When it is looked at again by itself. */
  readonly nextAttemptAt: number | null;
  /** Attempts that failed since the last success, and why the last one did. */
  readonly failures: number;
  readonly error: string | null;
  /** The feed's own time. */
  readonly asOf: number | null;
  readonly records: number;
  /** Records that could not be read. */
  readonly unreadable: number;
  /** True when the last success is longer ago than it may be, or there was none. */
  readonly stale: boolean;
  readonly groups: readonly GroupManifest[];
}

export interface OverviewOptions {
  readonly database: Database;
  readonly states: FeedStates;
  readonly feeds: readonly Feed[];
  readonly clock: Clock;
  readonly maxAge: (feed: string) => number;
}

/** The feeds that are configured, in that order, and then those that came with a bundle. */
export async function overviewOf({
  database,
  states,
  feeds,
  clock,
  maxAge,
}: OverviewOptions): Promise<DatabaseOverview> {
  const pointer = await readPointer(database.read);
  const rows = await states.all();
  const now = clock();
  const configured = feeds.map((feed) => {
    const known = knownIn(pointer, feed.name);
    const state = feed.enabled ? ("enabled" as const) : ("disabled" as const);
    const what = { name: feed.name, format: feed.format, source: sourceOf(feed), state };
    return describe(what, known, rows.get(feed.name), now - maxAge(feed.name));
  });
  const others = (pointer?.manifest.feeds ?? []).filter(
    ({ name }) => !feeds.some((feed) => feed.name === name),
  );
  const imported = others.map((known) => {
    const { name, format, source } = known;
    const what = { name, format, source, state: "imported" as const };
    return describe(what, known, rows.get(name), now - maxAge(name));
  });
  return {
    version: pointer?.version ?? null,
    builtAt: pointer?.manifest.builtAt ?? null,
    since: pointer?.since ?? null,
    feeds: [...configured, ...imported],
  };
}

/** Releases by their numbers: 9 before 12, and 3.9 before 3.10. */
const byNumbers = new Intl.Collator("en", { numeric: true }).compare;

function knownIn(pointer: Pointer | null, name: string): FeedManifest | undefined {
  return pointer?.manifest.feeds.find((feed) => feed.name === name);
}

function describe(
  what: Pick<FeedOverview, "name" | "format" | "source" | "state">,
  known: FeedManifest | undefined,
  row: FeedTable | undefined,
  freshSince: number,
): FeedOverview {
  // What is not in the database is not known, whenever its source was looked at.
  const success = known === undefined ? null : (row?.last_success_at ?? known.fetchedAt);
  return {
    ...what,
    lastSuccessAt: success,
    lastAttemptAt: row?.last_attempt_at ?? null,
    nextAttemptAt: what.state === "enabled" ? (row?.next_attempt_at ?? null) : null,
    failures: row?.failures ?? 0,
    error: row?.error ?? null,
    asOf: known?.asOf ?? null,
    records: known?.records ?? 0,
    unreadable: known?.unreadable ?? 0,
    stale: success === null || success < freshSince,
    groups: (known?.groups ?? []).toSorted((a, b) => byNumbers(a.ecosystem, b.ecosystem)),
  };
}

import { join } from "node:path";
import { BreakwaterError, type Clock, hour } from "../../kernel/index.ts";
import type { DatabaseManifest } from "../vulndb/advisory.ts";
import { pullBundle } from "./bundle/artifact.ts";
import { readBundle } from "./bundle/read.ts";
import type { Exchange, Inspect, Standing } from "./exchange.ts";
import type { Access } from "./feed.ts";
import type { FeedStates } from "./states.ts";

export interface ImportRequest {
  /** A file, or `oci://…`. */
  readonly from: string;
  readonly access: Access;
  /** Files with public keys, of which one must have signed the bundle; with none of them it need not be signed. */
  readonly keys: readonly string[];
  /** Takes one that is older than the database that holds. */
  readonly force: boolean;
  /** Milliseconds to wait for another process that exchanges the database. */
  readonly patience: number;
  readonly progress: (line: string) => void;
  readonly signal: AbortSignal;
}

export interface ImportReport {
  readonly manifest: DatabaseManifest;
  /** False when it is the one that holds already. */
  readonly exchanged: boolean;
}

export interface ImportOptions {
  readonly exchange: Exchange;
  readonly states: FeedStates;
  readonly clock: Clock;
  readonly inspect: Inspect;
}

const clocksMayDiffer = hour;

/** Puts a bundle's database into the place of the one that holds, after everything about it was verified. */
export async function importBundle(
  { exchange, states, clock, inspect }: ImportOptions,
  { from, access, keys, force, patience, progress, signal }: ImportRequest,
): Promise<ImportReport> {
  await using turn = await exchange.begin(patience, signal);
  const onBytes = countIn((bytes) => progress(`${(bytes / 2 ** 20).toFixed(1)} MiB`));
  const bundle = from.includes("://")
    ? await pullBundle(from, access, turn.folder, turn.signal, { onBytes })
    : from;
  progress("verifying");
  const file = join(turn.folder, "imported.sqlite");
  const contents = await readBundle(bundle, keys, file);
  const manifest = await inspect(file);
  if (!Bun.deepEquals(JSON.parse(JSON.stringify(manifest)), contents.manifest)) {
    throw new BreakwaterError(
      "BAD_REQUEST",
      "The bundle's manifest is of another database than that in it. Nothing was replaced.",
    );
  }
  const now = clock();
  requirePast(manifest, now);
  const standing = await turn.standing();
  if (!force) requireNewer(manifest, standing);
  progress("exchanging the database");
  const looks = Object.entries(contents.looked_at).map(([name, at]) => [name, Math.min(at, now)] as const);
  const exchanged = await turn.end(standing, { file, manifest }, (tx) => states.importIn(tx, new Map(looks)));
  return { manifest, exchanged };
}

/** Data of a time to come would count as fresh until then, and every bundle of now as older. */
function requirePast({ builtAt, feeds }: DatabaseManifest, now: number): void {
  const told = feeds.flatMap(({ asOf, fetchedAt, groups }) => [
    ...[asOf ?? 0, fetchedAt],
    ...groups.map((group) => group.asOf ?? 0),
  ]);
  const last = told.reduce((latest, time) => Math.max(latest, time), builtAt);
  if (last <= now + clocksMayDiffer) return;
  throw new BreakwaterError(
    "BAD_REQUEST",
    `The bundle has data of ${timeText(last)}, and here it is ${timeText(now)}: one of the two clocks is wrong. Nothing was replaced; set the clock, and make the bundle again.`,
  );
}

function timeText(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}

function requireNewer(manifest: DatabaseManifest, standing: Standing | null): void {
  if (standing === null || manifest.builtAt >= standing.manifest.builtAt) return;
  const [theirs, ours] = [manifest, standing.manifest].map(({ builtAt }) => timeText(builtAt));
  throw new BreakwaterError(
    "CONFLICT",
    `The bundle was made at ${theirs}, the database that holds at ${ours}. Nothing was replaced; --force takes the older one.`,
  );
}

function countIn(tell: (total: number) => void): (count: number) => void {
  let total = 0;
  return (count) => {
    total += count;
    tell(total);
  };
}

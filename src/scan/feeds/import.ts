import { join } from "node:path";
import { BreakwaterError, type Clock } from "../../kernel/index.ts";
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
  const standing = await turn.standing();
  if (!force) requireNewer(manifest, standing);
  progress("exchanging the database");
  const now = clock();
  const looks = Object.entries(contents.looked_at).map(([name, at]) => [name, Math.min(at, now)] as const);
  const exchanged = await turn.end(standing, { file, manifest }, (tx) => states.importIn(tx, new Map(looks)));
  return { manifest, exchanged };
}

function requireNewer(manifest: DatabaseManifest, standing: Standing | null): void {
  if (standing === null || manifest.builtAt >= standing.manifest.builtAt) return;
  const [theirs, ours] = [manifest, standing.manifest].map(({ builtAt }) => new Date(builtAt).toISOString());
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

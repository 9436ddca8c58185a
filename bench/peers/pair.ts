import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { Bench } from "../scenario.ts";
import type { Sides } from "../statistics.ts";
import { startBreakwater } from "./breakwater.ts";
import { startDockerRegistry } from "./docker-registry.ts";
import type { Peer, PeerOptions } from "./peer.ts";

export interface Pair extends Sides<Peer>, AsyncDisposable {}

/** Both servers, empty, side by side: Docker's registry, or what `startBaseline` starts. Their data goes with them. */
export async function startPair(
  bench: Bench,
  scheme: "https" | "http",
  startBaseline: (options: PeerOptions) => Promise<Peer> = startDockerRegistry,
): Promise<Pair> {
  const { certificate } = bench;
  const folders = { baseline: join(bench.folder, "baseline"), breakwater: join(bench.folder, "breakwater") };
  const startOther = bench.selfCheck ? startBaseline : startBreakwater;
  await using stack = new AsyncDisposableStack();
  stack.defer(async () => {
    for (const folder of Object.values(folders)) await rm(folder, { recursive: true, force: true });
  });
  const baseline = stack.use(await startBaseline({ folder: folders.baseline, certificate, scheme }));
  const breakwater = stack.use(await startOther({ folder: folders.breakwater, certificate, scheme }));
  const kept = stack.move();
  return { baseline, breakwater, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

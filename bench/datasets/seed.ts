import { join } from "node:path";
import { startBreakwater } from "../peers/breakwater.ts";
import type { Peer } from "../peers/peer.ts";
import type { Bench } from "../scenario.ts";
import { output } from "../tools/process.ts";
import { Workdir } from "../tools/workdir.ts";

/**
 * Fills a Breakwater and stops it; what remains is a folder to start others on copies of. Filled through
 * HTTP, as a person's registry is: a data set written straight into the tables could differ from what the
 * server writes, and would have to follow each change of the schema.
 */
export async function seed(bench: Bench, fill: (peer: Peer) => Promise<void>): Promise<Workdir> {
  await using stack = new AsyncDisposableStack();
  const workdir = stack.use(await Workdir.inMemory());
  const { certificate } = bench;
  {
    await using peer = await startBreakwater({ folder: workdir.path, certificate, scheme: "http" });
    await fill(peer);
  }
  stack.move();
  return workdir;
}

/** A copy on the disk, where fsync and unlink cost what they cost. */
export async function copyTo(workdir: Workdir, bench: Bench, name: string): Promise<string> {
  const folder = join(bench.folder, name);
  await output(["cp", "--archive", workdir.path, folder]);
  await output(["sync"]);
  return folder;
}

/** Several requests at a time, as each one waits for its own fsync. */
export async function inParallel(count: number, work: (index: number) => Promise<void>): Promise<void> {
  let next = 0;
  const worker = async () => {
    while (next < count) await work(next++);
  };
  await Promise.all(Array.from({ length: 32 }, worker));
}

/** The same in batches, each with a token of its own: filling takes longer than a token lives. */
export async function inBatches(
  count: number,
  size: number,
  begin: (first: number) => Promise<(index: number) => Promise<void>>,
): Promise<void> {
  for (let first = 0; first < count; first += size) {
    const work = await begin(first);
    await inParallel(Math.min(size, count - first), (index) => work(first + index));
  }
}

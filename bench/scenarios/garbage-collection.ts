import { rm } from "node:fs/promises";
import { fillWithGarbage } from "../datasets/garbage.ts";
import { copyTo, seed } from "../datasets/seed.ts";
import { collectGarbage, startBreakwater } from "../peers/breakwater.ts";
import type { Bench, Scenario } from "../scenario.ts";
import { median, seconds } from "../statistics.ts";
import { output } from "../tools/process.ts";
import type { Workdir } from "../tools/workdir.ts";

/** The same garbage in a small and in a large registry: its collection must not cost more in the large one. */
export const garbageCollection: Scenario = {
  name: "garbage-collection",
  needs: ["openssl"],
  alone: true,
  async run(bench) {
    const dead = bench.quick ? 1_000 : 10_000;
    const many = bench.quick ? 10_000 : 200_000;
    await using small = await seed(bench, (peer) => fillWithGarbage(peer, dead, dead));
    await using large = await seed(bench, (peer) => fillWithGarbage(peer, dead, many));
    const times = { small: [] as number[], large: [] as number[] };
    for (let run = 0; run < bench.runs; run++) {
      times.small.push(await collect(bench, small, dead));
      times.large.push(await collect(bench, large, dead));
    }
    const growth = median(times.large) / median(times.small);
    const count = (value: number) => value.toLocaleString("en-US");
    return [
      {
        figure: `collecting ${count(dead)} dead blobs among ${count(dead)} and among ${count(many)}`,
        breakwater: `${seconds.show(median(times.small))} and ${seconds.show(median(times.large))}: ${growth.toFixed(2)}×`,
        target: "≤ 1.5×",
        met: growth <= 1.5,
      },
    ];
  },
};

/** Collects in a fresh copy, while its server runs; returns the seconds of the whole command. */
async function collect(bench: Bench, registry: Workdir, dead: number): Promise<number> {
  const folder = await copyTo(registry, bench, "copy");
  await using stack = new AsyncDisposableStack();
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  stack.use(await startBreakwater({ folder, certificate: bench.certificate, scheme: "https" }));
  const before = await countBlobs(folder);
  const started = performance.now();
  await collectGarbage(folder);
  const elapsed = (performance.now() - started) / 1000;
  const collected = before - (await countBlobs(folder));
  // A collection that leaves its work to a later one is no faster than one that does it.
  if (collected < dead) throw new Error(`the collection removed ${collected} of ${dead} dead blobs`);
  return elapsed;
}

/** In the layout of Docker Distribution, each blob is a file named `data`. */
async function countBlobs(folder: string): Promise<number> {
  const found = await output(["find", folder, "-path", "*/blobs/*", "-name", "data", "-type", "f"]);
  return found.split("\n").length - 1;
}

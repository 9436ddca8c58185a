import { startNotaryServer } from "../peers/notary-server.ts";
import { startPair } from "../peers/pair.ts";
import type { Peer } from "../peers/peer.ts";
import type { Bench, Scenario } from "../scenario.ts";
import {
  compare,
  interleave,
  milliseconds,
  publishesPerSecond,
  requestsPerSecond,
  type Sides,
} from "../statistics.ts";
import { onCore } from "../tools/cores.ts";
import { TrustRepository } from "../tools/trust-repository.ts";
import { type LoadResult, wrk } from "../tools/wrk.ts";

/** Repositories into which is published at the same time. */
const publishers = 8;

/**
 * What content trust costs: the metadata that a trusted pull asks for, and publishing. Against Debian's notary-server,
 * which keeps all of it in memory and asks nobody who they are. Each server has one core and the load the other, as if
 * it came from another machine: where they share the two, the faster server is left less by the load that it draws.
 */
export const trust: Scenario = {
  name: "trust",
  needs: ["notary-server", "openssl", "taskset", "wrk"],
  async run(bench) {
    const { pulls, publishes } = await measureApart(bench);
    const shared = await measureTogether(bench);
    const figure = "trusted-pull metadata, 32 connections, beside notary-server";
    return [
      compare(`${figure}, a core each`, requestsPerSecond, rates(pulls), { atLeast: 5 }),
      compare(`${figure}: p99`, milliseconds, p99s(pulls), { atLeast: 1, label: "lower" }),
      compare(`${figure}, two cores shared with the load`, requestsPerSecond, rates(shared), {
        atLeast: 1,
        label: "higher",
      }),
      compare(
        `trust data published, ${publishers} at a time, beside notary-server, a core each`,
        publishesPerSecond,
        publishes,
        { atLeast: 1 },
      ),
    ];
  },
};

const start = (bench: Bench) => startPair(bench, "https", startNotaryServer);

async function measureApart(bench: Bench) {
  await using pair = await onCore(0, () => start(bench));
  return await onCore(1, async () => ({
    pulls: await measurePulls(bench, pair),
    publishes: await measurePublishes(bench, pair),
  }));
}

async function measureTogether(bench: Bench) {
  await using pair = await start(bench);
  return await measurePulls(bench, pair);
}

type Pulls = Sides<readonly LoadResult[]>;

const rates = ({ baseline, breakwater }: Pulls) => ({
  baseline: baseline.map(({ requestsPerSecond }) => requestsPerSecond),
  breakwater: breakwater.map(({ requestsPerSecond }) => requestsPerSecond),
});
const p99s = ({ baseline, breakwater }: Pulls) => ({
  baseline: baseline.map(({ p99 }) => p99),
  breakwater: breakwater.map(({ p99 }) => p99),
});

async function measurePulls(bench: Bench, pair: Parameters<typeof interleave>[1]) {
  const repositories = new Map<Peer, TrustRepository>();
  for (const peer of [pair.baseline, pair.breakwater]) {
    repositories.set(peer, await TrustRepository.create(peer, "library/pulled"));
  }
  const measure = async (peer: Peer, seconds: number) => {
    const repository = repositories.get(peer);
    if (repository === undefined) throw new Error(`${peer.name} has no trust data`);
    const { headers } = repository;
    const paths = await repository.pullPaths();
    return wrk(bench.folder, { url: peer.origin, headers, paths, connections: 32, seconds });
  };
  await interleave(1, pair, (peer) => measure(peer, 2));
  return interleave(bench.runs, pair, (peer) => measure(peer, bench.quick ? 1 : 8));
}

async function measurePublishes(bench: Bench, pair: Parameters<typeof interleave>[1]) {
  const each = bench.quick ? 10 : 100;
  let round = 0;
  const measure = async (peer: Peer) => {
    round++;
    // One after the other: notary-server's memory does not stand many keys that are made at once.
    const repositories: TrustRepository[] = [];
    for (let index = 0; index < publishers; index++) {
      repositories.push(await TrustRepository.create(peer, `library/published-${round}-${index}`));
    }
    // Signed beforehand: that is the client's work.
    const work = repositories.map((repository) => ({
      repository,
      uploads: Array.from({ length: each }, () => repository.prepare()),
    }));
    const started = performance.now();
    await Promise.all(
      work.map(async ({ repository, uploads }) => {
        for (const upload of uploads) await repository.publish(upload);
      }),
    );
    return (publishers * each) / ((performance.now() - started) / 1000);
  };
  await interleave(1, pair, measure);
  return interleave(bench.runs, pair, measure);
}

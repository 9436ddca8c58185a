import { startNotaryServer } from "../peers/notary-server.ts";
import { startPair } from "../peers/pair.ts";
import type { Peer } from "../peers/peer.ts";
import type { Bench, Scenario } from "../scenario.ts";
import { compare, interleave, milliseconds, publishesPerSecond, requestsPerSecond } from "../statistics.ts";
import { TrustRepository } from "../tools/trust-repository.ts";
import { wrk } from "../tools/wrk.ts";

/** Repositories into which is published at the same time. */
const publishers = 8;

/**
 * What content trust costs: the metadata that a trusted pull asks for, and publishing. Against Debian's notary-server,
 * which keeps all of it in memory and asks nobody who they are.
 */
export const trust: Scenario = {
  name: "trust",
  needs: ["notary-server", "openssl", "wrk"],
  async run(bench) {
    await using pair = await startPair(bench, "https", startNotaryServer);
    const pulls = await measurePulls(bench, pair);
    const publishes = await measurePublishes(bench, pair);
    const pick = (field: "requestsPerSecond" | "p99") => ({
      baseline: pulls.baseline.map((result) => result[field]),
      breakwater: pulls.breakwater.map((result) => result[field]),
    });
    const figure = "trusted-pull metadata, 32 connections (beside notary-server)";
    return [
      compare(figure, requestsPerSecond, pick("requestsPerSecond"), { atLeast: 5 }),
      compare(`${figure}: p99`, milliseconds, pick("p99"), { atLeast: 1, label: "lower" }),
      compare(
        `trust data published, ${publishers} at a time (beside notary-server)`,
        publishesPerSecond,
        publishes,
        {
          atLeast: 1,
        },
      ),
    ];
  },
};

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
    const repositories = await Promise.all(
      Array.from({ length: publishers }, (_, index) =>
        TrustRepository.create(peer, `library/published-${round}-${index}`),
      ),
    );
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

import { startPair } from "../peers/pair.ts";
import type { Peer } from "../peers/peer.ts";
import type { Scenario } from "../scenario.ts";
import { compare, interleave, milliseconds, requestsPerSecond } from "../statistics.ts";
import { manifestType, RegistryClient } from "../tools/registry-client.ts";
import { wrk } from "../tools/wrk.ts";

const repository = "library/bench";

/** The request that each start of a pod makes: what does this tag mean now? */
export const manifestGet: Scenario = {
  name: "manifest-get",
  needs: ["docker-registry", "openssl", "wrk"],
  async run(bench) {
    await using pair = await startPair(bench, "https");
    await fill(pair.baseline);
    await fill(pair.breakwater);

    const measure = async (peer: Peer, seconds: number) => {
      const headers = { ...(await peer.authorization([repository])), accept: manifestType };
      const url = `${peer.origin}/v2/${repository}/manifests/latest`;
      return wrk(bench.folder, { url, headers, connections: 32, seconds });
    };
    await interleave(1, pair, (peer) => measure(peer, 2));
    const results = await interleave(bench.runs, pair, (peer) => measure(peer, bench.quick ? 1 : 8));

    const pick = (field: "requestsPerSecond" | "p99") => ({
      baseline: results.baseline.map((result) => result[field]),
      breakwater: results.breakwater.map((result) => result[field]),
    });
    const figure = "manifest GET by tag, 32 connections";
    return [
      compare(figure, requestsPerSecond, pick("requestsPerSecond"), { atLeast: 20 }),
      compare(`${figure}: p99`, milliseconds, pick("p99"), { atLeast: 1, label: "lower" }),
    ];
  },
};

/** A manifest of usual length, with eight layers. */
async function fill(peer: Peer): Promise<void> {
  const client = await RegistryClient.open(peer, repository);
  const config = await client.putConfig(JSON.stringify({ architecture: "amd64", os: "linux" }));
  const layers = await Promise.all(
    Array.from({ length: 8 }, (_, index) => client.putLayer(new TextEncoder().encode(`layer ${index}`))),
  );
  await client.putManifest("latest", config, layers);
}

import { startPair } from "../peers/pair.ts";
import type { Peer } from "../peers/peer.ts";
import type { Scenario } from "../scenario.ts";
import { compare, interleave, requestsPerSecond } from "../statistics.ts";
import { RegistryClient } from "../tools/registry-client.ts";
import { wrk } from "../tools/wrk.ts";

const repository = "library/bench";

/** A config of 4 KB: the blob that every pull fetches, and where the cost of a request shows, not of bytes. */
export const blobGet: Scenario = {
  name: "blob-get",
  needs: ["docker-registry", "openssl", "wrk"],
  async run(bench) {
    await using pair = await startPair(bench, "https");
    const digest = await fill(pair.baseline);
    await fill(pair.breakwater);

    const measure = async (peer: Peer, seconds: number) => {
      const headers = await peer.authorization([repository]);
      const url = `${peer.origin}/v2/${repository}/blobs/${digest}`;
      return (await wrk(bench.folder, { url, headers, connections: 32, seconds })).requestsPerSecond;
    };
    await interleave(1, pair, (peer) => measure(peer, 2));
    const results = await interleave(bench.runs, pair, (peer) => measure(peer, bench.quick ? 1 : 8));
    return [compare("config blob GET (4 KB), 32 connections", requestsPerSecond, results, { atLeast: 10 })];
  },
};

async function fill(peer: Peer): Promise<string> {
  const client = await RegistryClient.open(peer, repository);
  const shell = JSON.stringify({ architecture: "amd64", os: "linux", comment: "" });
  const content = shell.replace('""', `"${"x".repeat(4096 - shell.length)}"`);
  const config = await client.putConfig(content);
  // Tagged, as a blob that no manifest names may be collected.
  await client.putManifest("latest", config, []);
  return config.digest;
}

import { join } from "node:path";
import { startPair } from "../peers/pair.ts";
import type { Peer } from "../peers/peer.ts";
import type { Scenario } from "../scenario.ts";
import { bytesPerSecond, compare, interleave, limit, megabytes } from "../statistics.ts";
import { Layer } from "../tools/layer.ts";
import { peakMemory, resetPeak } from "../tools/memory.ts";
import { output } from "../tools/process.ts";
import { layerSize, pushLayer } from "../tools/push-layer.ts";

const repository = "library/bench";

export const layerPush: Scenario = {
  name: "layer-push",
  needs: ["docker-registry", "openssl", "curl"],
  async run(bench) {
    await using pair = await startPair(bench, "https");
    const layer = await Layer.make(join(bench.folder, "layer"), layerSize(bench));

    const measure = async (peer: Peer) => {
      const digest = await layer.change();
      // What the other side left unwritten would otherwise be paid for by the side that calls fsync.
      await output(["sync"]);
      resetPeak(peer.pid);
      const seconds = await pushLayer(peer, repository, layer, digest);
      return { speed: layer.size / seconds, memory: peakMemory(peer.pid) };
    };
    await interleave(1, pair, measure);
    const results = await interleave(bench.runs, pair, measure);

    const speeds = {
      baseline: results.baseline.map((result) => result.speed),
      breakwater: results.breakwater.map((result) => result.speed),
    };
    const largest = Math.max(...results.breakwater.map((result) => result.memory));
    return [
      compare("1 GiB layer, push over TLS", bytesPerSecond, speeds, { atLeast: 2.5 }),
      limit("1 GiB layer, push over TLS: peak memory, worst run", megabytes, [largest], 250e6),
    ];
  },
};

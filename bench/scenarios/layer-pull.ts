import { join } from "node:path";
import { startPair } from "../peers/pair.ts";
import type { Peer } from "../peers/peer.ts";
import type { Bench, Row, Scenario } from "../scenario.ts";
import { bytesPerSecond, compare, interleave } from "../statistics.ts";
import type { Transfer } from "../tools/curl.ts";
import { Layer } from "../tools/layer.ts";
import { pullLayer } from "../tools/pull-layer.ts";
import { layerSize, pushLayer } from "../tools/push-layer.ts";

const repository = "library/bench";

/** One large layer from a warm page cache: what the server's own work costs, without the disk's. */
export const layerPullTls: Scenario = {
  name: "layer-pull-tls",
  needs: ["docker-registry", "openssl", "curl"],
  run: (bench) =>
    pull(bench, "https", [
      { figure: "1 GiB layer, pull over TLS", atLeast: 1.8 },
      { figure: "1 GiB layer, pull over TLS, HTTP/2 where offered", atLeast: 1.8, protocol: "any" },
    ]),
};

export const layerPullPlain: Scenario = {
  name: "layer-pull-plain",
  needs: ["docker-registry", "openssl", "curl"],
  run: (bench) => pull(bench, "http", [{ figure: "1 GiB layer, pull over plain HTTP", atLeast: 1.2 }]),
};

interface Pull extends Pick<Transfer, "protocol"> {
  readonly figure: string;
  readonly atLeast: number;
}

async function pull(bench: Bench, scheme: "https" | "http", pulls: readonly Pull[]): Promise<Row[]> {
  await using pair = await startPair(bench, scheme);
  const layer = await Layer.make(join(bench.folder, "layer"), layerSize(bench));
  const digest = await layer.digest();
  await pushLayer(pair.baseline, repository, layer, digest);
  await pushLayer(pair.breakwater, repository, layer, digest);

  const rows: Row[] = [];
  for (const { figure, atLeast, ...protocol } of pulls) {
    const measure = async (peer: Peer) =>
      layer.size / (await pullLayer(peer, repository, { digest, size: layer.size }, protocol));
    await interleave(1, pair, measure);
    rows.push(compare(figure, bytesPerSecond, await interleave(bench.runs, pair, measure), { atLeast }));
  }
  return rows;
}

import { join } from "node:path";
import { startPair } from "../peers/pair.ts";
import type { Peer } from "../peers/peer.ts";
import type { Bench, Row, Scenario } from "../scenario.ts";
import { bytesPerSecond, compare, interleave } from "../statistics.ts";
import { download } from "../tools/curl.ts";
import { Layer } from "../tools/layer.ts";
import { layerSize, pushLayer } from "../tools/push-layer.ts";

const repository = "library/bench";

/** One large layer from a warm page cache: what the server's own work costs, without the disk's. */
function layerPull(name: string, scheme: "https" | "http", label: string, atLeast: number): Scenario {
  return {
    name,
    needs: ["docker-registry", "openssl", "curl"],
    run: (bench) => pull(bench, scheme, `1 GiB layer, pull over ${label}`, atLeast),
  };
}

async function pull(bench: Bench, scheme: "https" | "http", figure: string, atLeast: number): Promise<Row[]> {
  await using pair = await startPair(bench, scheme);
  const layer = await Layer.make(join(bench.folder, "layer"), layerSize(bench));
  const digest = await layer.digest();
  await pushLayer(pair.baseline, repository, layer, digest);
  await pushLayer(pair.breakwater, repository, layer, digest);

  const measure = async (peer: Peer) => {
    const headers = await peer.authorization([repository]);
    const url = `${peer.origin}/v2/${repository}/blobs/${digest}`;
    return layer.size / (await download({ url, headers, ca: peer.certificate.certificate }, layer.size));
  };
  await interleave(1, pair, measure);
  const results = await interleave(bench.runs, pair, measure);
  return [compare(figure, bytesPerSecond, results, { atLeast })];
}

export const layerPullTls = layerPull("layer-pull-tls", "https", "TLS", 1.8);
export const layerPullPlain = layerPull("layer-pull-plain", "http", "plain HTTP", 1.2);

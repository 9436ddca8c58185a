import { join } from "node:path";
import { startNginx } from "../../test/support/nginx.ts";
import { startBreakwater } from "../peers/breakwater.ts";
import { startServers } from "../peers/on-servers.ts";
import type { Peer } from "../peers/peer.ts";
import type { Bench, Row, Scenario } from "../scenario.ts";
import { bytesPerSecond, compare, interleave, limit, megabytes, requestsPerSecond } from "../statistics.ts";
import { Layer } from "../tools/layer.ts";
import { peakMemory, resetPeak } from "../tools/memory.ts";
import { pullLayer } from "../tools/pull-layer.ts";
import { layerSize, pushLayer } from "../tools/push-layer.ts";
import { RegistryClient } from "../tools/registry-client.ts";
import { wrk } from "../tools/wrk.ts";

const repository = "library/bench";
const shown = { atLeast: 0, label: "shown" };

/**
 * What PostgreSQL and S3 cost: on the left the embedded database and a folder, on the right both servers, here on
 * the same machine and over plain HTTP. Then what a second and a third copy bring.
 */
export const scaling: Scenario = {
  name: "scaling",
  needs: ["wrk", "curl", "nginx", "go"],
  alone: true,
  async run(bench) {
    await using servers = await startServers(bench);
    const { certificate } = bench;
    const folder = join(bench.folder, "embedded");
    await using baseline = await startBreakwater({ folder, certificate, scheme: "http" });
    const first = await servers.startCopy();
    const sides = { baseline, breakwater: first };
    const config = await fill(baseline);
    await fill(first);

    const load = async (peer: Peer, path: string) => {
      const headers = await peer.authorization([repository]);
      const url = `${peer.origin}/v2/${repository}/${path}`;
      const seconds = bench.quick ? 1 : 8;
      return (await wrk(bench.folder, { url, headers, connections: 32, seconds })).requestsPerSecond;
    };
    const rows: Row[] = [];
    for (const [figure, path] of [
      ["manifest GET", "manifests/latest"],
      ["config blob GET (4 KB)", `blobs/${config}`],
    ] as const) {
      const results = await interleave(bench.runs, sides, (peer) => load(peer, path));
      rows.push(compare(`embedded → PostgreSQL + S3: ${figure}`, requestsPerSecond, results, shown));
    }
    rows.push(...(await layers(bench, sides)));

    const copies = [first];
    for (const count of [1, 2, 3]) {
      if (copies.length < count) copies.push(await servers.startCopy());
      await using balancer = await startNginx(copies.map(({ origin }) => Number(new URL(origin).port)));
      const direct = await load(first, "manifests/latest");
      const speed = await load({ ...first, origin: balancer.url }, "manifests/latest");
      const values = { baseline: [direct], breakwater: [speed] };
      rows.push(
        compare(`one copy directly → ${count} behind nginx: manifest GET`, requestsPerSecond, values, shown),
      );
    }
    return rows;
  },
};

/** The speed of both, and the memory of the copy on S3 during a layer of 10 GB (1 GB with --quick), in and out. */
async function layers(bench: Bench, sides: { baseline: Peer; breakwater: Peer }): Promise<Row[]> {
  const layer = await Layer.make(join(bench.folder, "layer"), layerSize(bench));
  const digests = new Map<Peer, string>();
  const pushes = await interleave(bench.runs, sides, async (peer) => {
    const digest = await layer.change();
    digests.set(peer, digest);
    return layer.size / (await pushLayer(peer, repository, layer, digest));
  });
  const pulls = await interleave(bench.runs, sides, async (peer) => {
    const digest = digests.get(peer) ?? "";
    return layer.size / (await pullLayer(peer, repository, { digest, size: layer.size }));
  });
  return [
    compare("embedded → PostgreSQL + S3: layer push", bytesPerSecond, pushes, shown),
    compare("embedded → PostgreSQL + S3: layer pull", bytesPerSecond, pulls, shown),
    ...(await memory(bench, sides.breakwater)),
  ];
}

async function memory(bench: Bench, copy: Peer): Promise<Row[]> {
  const gigabytes = bench.quick ? 1 : 10;
  const large = await Layer.make(join(bench.folder, "layer"), gigabytes * 2 ** 30);
  const digest = await large.digest();
  resetPeak(copy.pid);
  await pushLayer(copy, repository, large, digest);
  const pushed = peakMemory(copy.pid);
  resetPeak(copy.pid);
  await pullLayer(copy, repository, { digest, size: large.size });
  const what = `${gigabytes} GiB layer over S3: peak memory of the copy`;
  return [
    limit(`${what} at the push`, megabytes, [pushed], 300e6),
    limit(`${what} at the pull`, megabytes, [peakMemory(copy.pid)], 300e6),
  ];
}

async function fill(peer: Peer): Promise<string> {
  const client = await RegistryClient.open(peer, repository);
  const config = await client.putConfig(
    JSON.stringify({ architecture: "amd64", os: "linux", comment: "x".repeat(4000) }),
  );
  const parts = Array.from({ length: 8 }, (_, index) =>
    client.putLayer(new TextEncoder().encode(`layer ${index}`)),
  );
  await client.putManifest("latest", config, await Promise.all(parts));
  return config.digest;
}

import { join } from "node:path";
import { startPair } from "../peers/pair.ts";
import type { Peer } from "../peers/peer.ts";
import type { Scenario } from "../scenario.ts";
import { compare, interleave, seconds } from "../statistics.ts";
import { DebianImage } from "../tools/debian-image.ts";
import { DockerEngine } from "../tools/docker-engine.ts";
import { output } from "../tools/process.ts";

/** Two registries that answer alike still differ by a few percent: most of the time is Docker's own, in gzip. */
const notSlower = { atLeast: 0.97, label: "not slower (± 3 %)" };

/**
 * A real Docker Engine. It takes registries on the loopback interface without checking their certificate,
 * so none is put into /etc/docker; it speaks TLS to them all the same.
 */
export const dockerImage: Scenario = {
  name: "docker-image",
  needs: ["docker-registry", "openssl", "dockerd", "docker", "dpkg", "tar"],
  async run(bench) {
    await using pair = await startPair(bench, "https");
    await using engine = await DockerEngine.start(join(bench.folder, "docker"), [
      pair.baseline,
      pair.breakwater,
    ]);
    const image = await DebianImage.make(join(bench.folder, "image"), bench.quick ? 20e6 : 200e6);

    const measure = async (peer: Peer) => {
      const reference = `${new URL(peer.origin).host}/library/debian:bench`;
      await image.change();
      const id = await engine.import(image.tar, reference);
      const push = await timed(() => engine.push(reference));
      await engine.remove(reference);
      const pull = await timed(() => engine.pull(reference));
      if ((await engine.id(reference)) !== id) throw new Error(`${peer.name} gave back another image`);
      await engine.remove(reference);
      return { push, pull };
    };
    const results = await interleave(bench.runs, pair, measure);

    const pick = (field: "push" | "pull") => ({
      baseline: results.baseline.map((result) => result[field]),
      breakwater: results.breakwater.map((result) => result[field]),
    });
    return [
      compare("`docker push` of a 200 MB Debian image", seconds, pick("push"), notSlower),
      compare("`docker pull` of a 200 MB Debian image", seconds, pick("pull"), notSlower),
    ];
  },
};

/** Seconds. What was written before is flushed first, so that no one pays for another's writes. */
async function timed(work: () => Promise<void>): Promise<number> {
  await output(["sync"]);
  const started = performance.now();
  await work();
  return (performance.now() - started) / 1000;
}

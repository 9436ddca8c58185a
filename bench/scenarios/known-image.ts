import { join } from "node:path";
import { digestOf, parseRepositoryName, systemCaller } from "../../src/kernel/index.ts";
import { exchange, openScanned, type ScannedImages } from "../datasets/scanned-images.ts";
import type { Scenario } from "../scenario.ts";
import { limit, milliseconds } from "../statistics.ts";
import { DebianImage } from "../tools/debian-image.ts";
import { output } from "../tools/process.ts";

const repository = parseRepositoryName("library/known");
const type = "application/vnd.oci.image.manifest.v1+json";

interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
}

/** An image of a layer that is known already: composed, matched and stored, with the vulnerability database there. */
export const knownImage: Scenario = {
  name: "known-image",
  needs: ["tar", "dpkg-query", "gzip"],
  alone: true,
  async run(bench) {
    const { tar } = await DebianImage.make(bench.folder, bench.quick ? 20e6 : 200e6);
    const database = ["etc/os-release", "usr/lib/os-release", "var/lib/dpkg/status", "var/lib/dpkg/info"];
    await output(["tar", "--append", "--file", tar, "--directory", "/", ...database]);
    await output(["gzip", tar]);
    await using scanned = await openScanned(bench.folder);
    await exchange(scanned, bench.folder, 0);
    const layer = await pushBlob(scanned, await Bun.file(`${join(bench.folder, "debian.tar")}.gz`).bytes());
    await scan(scanned, layer, 0);
    const times: number[] = [];
    for (let run = 1; run <= bench.runs * 5; run++) times.push(await scan(scanned, layer, run));
    return [limit("the same Debian image again, its layer known", milliseconds, times, 50)];
  },
};

/** Pushes another image of the layer, and answers how long the scanner had to do with it, in milliseconds. */
async function scan(scanned: ScannedImages, layer: Descriptor, number: number): Promise<number> {
  const config = await pushBlob(scanned, new TextEncoder().encode(JSON.stringify({ number })));
  const manifest = {
    schemaVersion: 2,
    mediaType: type,
    config: { ...config, mediaType: "application/vnd.oci.image.config.v1+json" },
    layers: [{ ...layer, mediaType: "application/vnd.oci.image.layer.v1.tar+gzip" }],
  };
  const content = new TextEncoder().encode(JSON.stringify(manifest));
  const push = { content, contentType: type, digest: null, tags: [] };
  await scanned.registry.manifests.put(systemCaller, repository, push);
  const outcome = await scanned.scan.images.work(new AbortController().signal);
  if (outcome === null || outcome.error !== null)
    throw new Error("nothing was scanned", { cause: outcome?.error });
  const report = await scanned.scan.images.report(outcome.manifestId);
  if (report?.state !== "done") throw new Error(`the scan is ${report?.state}`);
  return outcome.duration;
}

async function pushBlob({ registry }: ScannedImages, content: Uint8Array): Promise<Descriptor> {
  const digest = digestOf(content);
  const once = async function* () {
    yield content;
  };
  await registry.uploads.takeWhole(repository, "user:1", once(), null, digest);
  return { mediaType: "application/octet-stream", digest, size: content.length };
}

import type { Peer } from "../peers/peer.ts";
import { type Descriptor, manifestType, RegistryClient } from "../tools/registry-client.ts";
import { inParallel } from "./seed.ts";

const repository = "library/garbage";
const layersPerImage = 1_000;

/** Images of 1,000 small layers each, of which the first ones are then deleted: their layers are the garbage. */
export async function fillWithGarbage(peer: Peer, dead: number, all: number): Promise<void> {
  for (let first = 0; first < all; first += layersPerImage) {
    const client = await RegistryClient.open(peer, repository);
    const config = await client.putConfig("{}");
    const layers = new Array<Descriptor>(Math.min(layersPerImage, all - first));
    await inParallel(layers.length, async (index) => {
      layers[index] = await client.putLayer(new TextEncoder().encode(`layer ${first + index}`));
    });
    await client.putManifest(`i${first}`, config, layers);
    if (first < dead) await deleteImage(client, `i${first}`);
  }
}

/** By digest: deleting the tag alone would leave an untagged image, which keeps its layers. */
async function deleteImage(client: RegistryClient, tag: string): Promise<void> {
  const response = await client.send("GET", `manifests/${tag}`, 200, { headers: { accept: manifestType } });
  const digest = response.headers.get("docker-content-digest");
  await client.send("DELETE", `manifests/${digest}`, 202);
}

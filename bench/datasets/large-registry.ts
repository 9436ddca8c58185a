import { basicAuthorization } from "../peers/breakwater.ts";
import type { Peer } from "../peers/peer.ts";
import { RegistryClient } from "../tools/registry-client.ts";
import { inBatches } from "./seed.ts";

export const tagged = "library/tags";
export const project = "many";

/** Names that sort as their numbers do, and that wrk can count up. */
export const tagNumber = (index: number) => 1_000_000 + index;
export const repositoryName = (index: number) => `${project}/r${1_000_000 + index}`;

/** One repository with as many images as tags, and a project of as many repositories with one image each. */
export async function fillLargeRegistry(peer: Peer, tags: number, repositories: number): Promise<void> {
  await fillTags(peer, tags);
  await fillRepositories(peer, repositories);
}

async function fillTags(peer: Peer, count: number): Promise<void> {
  const first = await RegistryClient.open(peer, tagged);
  const config = await first.putConfig("{}");
  const layer = await first.putLayer(new TextEncoder().encode("layer"));
  await inBatches(count, 2_000, async () => {
    const client = await RegistryClient.open(peer, tagged);
    return (index) => client.putManifest(`t${tagNumber(index)}`, config, [layer], { image: String(index) });
  });
}

async function fillRepositories(peer: Peer, count: number): Promise<void> {
  const response = await fetch(`${peer.origin}/api/v2.0/projects`, {
    method: "POST",
    headers: { ...basicAuthorization(), "content-type": "application/json" },
    body: JSON.stringify({ project_name: project, metadata: { public: "true" } }),
  });
  if (response.status !== 201)
    throw new Error(`project ${project}: ${response.status} ${await response.text()}`);
  // A token names each repository that it is for, and must still fit into a header.
  const batch = 20;
  await inBatches(count, batch, async (first) => {
    const names = Array.from({ length: Math.min(batch, count - first) }, (_, index) =>
      repositoryName(first + index),
    );
    const headers = await peer.authorization(names);
    return async (index) => {
      const client = new RegistryClient(peer, repositoryName(index), headers);
      await client.putManifest("latest", await client.putConfig("{}"), []);
    };
  });
}

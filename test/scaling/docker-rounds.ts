import { createWriteStream } from "node:fs";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { pack } from "tar-stream";
import type { DockerEngine } from "../clients/docker-engine.ts";
import { randomBytes } from "../support/image.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";

/** How a Docker Engine, whose own attempts are used up, says that a server or the way to it failed for a time. */
const passing =
  /\b50[234]\b|EOF|connection re(?:set|fused)|received unexpected HTTP status: 5|unavailable|does not answer|timeout|try again|broken pipe|closed network|blob upload (?:unknown|invalid)/i;

/** Pushes images that were never there and pulls them back, until told to stop; answers how many. */
export async function pushAndPull(
  engine: DockerEngine,
  registry: string,
  go: () => boolean,
): Promise<readonly { readonly name: string; readonly id: string }[]> {
  await using folder = await temporaryDirectory("docker-rounds");
  const images: { name: string; id: string }[] = [];
  while (go()) {
    const name = `${registry}/library/docker:r${images.length}`;
    const file = join(folder.path, "root.tar");
    const tar = pack();
    tar.entry({ name: "random" }, Buffer.from(randomBytes(2_000_000)));
    tar.finalize();
    await pipeline(tar, createWriteStream(file));
    const id = await engine.docker("import", file, name);
    await persist(engine, "push", name);
    await engine.docker("rmi", name);
    await persist(engine, "pull", name);
    const pulled = await engine.docker("image", "inspect", "--format", "{{.Id}}", name);
    if (pulled !== id) throw new Error(`${name} came back as ${pulled} instead of ${id}`);
    await engine.docker("rmi", name);
    images.push({ name, id });
  }
  return images;
}

async function persist(engine: DockerEngine, command: "push" | "pull", name: string): Promise<void> {
  for (let attempts = 1; ; attempts++) {
    const { code, output } = await engine.try(command, name);
    if (code === 0) return;
    if (!passing.test(output) || attempts === 10) throw new Error(`docker ${command}: ${output}`);
    await Bun.sleep(500);
  }
}

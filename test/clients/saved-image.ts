import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { mustRun } from "../support/command.ts";
import { digestOf } from "../support/image.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";
import type { DockerEngine } from "./docker-engine.ts";

interface SavedManifest {
  readonly Config: string;
  readonly Layers: readonly string[];
}

/** The digests of an image's config and layers, in order, as the engine holds them unpacked. */
export async function savedContents(engine: DockerEngine, image: string): Promise<string[]> {
  await using directory = await temporaryDirectory("saved");
  const archive = join(directory.path, "image.tar");
  await engine.docker("save", "--output", archive, image);
  await mustRun(["tar", "-xf", archive, "-C", directory.path]);
  const text = await readFile(join(directory.path, "manifest.json"), "utf8");
  const [manifest] = JSON.parse(text) as SavedManifest[];
  if (manifest === undefined) throw new Error(`docker save of ${image} wrote no manifest`);
  const files = [manifest.Config, ...manifest.Layers];
  return await Promise.all(files.map(async (file) => digestOf(await readFile(join(directory.path, file)))));
}

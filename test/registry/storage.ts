import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { Breakwater } from "../support/breakwater.ts";

async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

/** True when the storage holds bytes under the digest, whether or not a repository shows them. */
export async function isStored(server: Breakwater, digest: string): Promise<boolean> {
  const [algorithm = "", hex = ""] = digest.split(":");
  const path = join(
    server.dataDir,
    "registry/docker/registry/v2/blobs",
    algorithm,
    hex.slice(0, 2),
    hex,
    "data",
  );
  return Bun.file(path).exists();
}

/** The staged bytes of uploads under way: of the one at `location`, or of all. */
export async function stagedFiles(server: Breakwater, location = ""): Promise<readonly string[]> {
  const id = location.slice(location.lastIndexOf("/") + 1);
  const files = await filesBelow(join(server.dataDir, "registry/breakwater/uploads"));
  return files.filter((file) => file.includes(id));
}

import { existsSync } from "node:fs";
import { join } from "node:path";

const folder = join(import.meta.dir, "../../../shared/feeds");

/** A real feed as others publish it, in the folder that lies beside this repository: `osv/Go/all.zip`. */
export function sharedFeed(path: string): string {
  return join(folder, path);
}

export function missingFeeds(): string | undefined {
  return existsSync(folder) ? undefined : "../shared/feeds is not there";
}

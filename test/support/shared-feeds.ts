import { existsSync } from "node:fs";
import { join } from "node:path";

/** Real feeds as others publish them, in the folder that lies beside this repository. */
export const FEEDS = join(import.meta.dir, "../../../shared/feeds");

export function missingFeeds(): string | undefined {
  return existsSync(FEEDS) ? undefined : "../shared/feeds is not there";
}

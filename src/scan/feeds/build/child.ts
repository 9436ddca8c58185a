import { buildDatabase } from "../../vulndb/build.ts";
import { readFeed } from "../../vulndb/formats/index.ts";
import type { BuildOrder } from "./order.ts";
import type { FromBuilder } from "./process.ts";

/** In the process that `buildInProcess` starts: takes one order, and says what came of it. */
export function awaitOrder(): void {
  // Whoever ordered it is gone, and nobody would take the database.
  process.on("disconnect", () => process.exit(1));
  process.once("message", async ({ feeds, ...order }: BuildOrder) => {
    try {
      const built = await buildDatabase({
        ...order,
        feeds: feeds.map(({ paths, ...feed }) => ({ ...feed, records: () => readFeed(feed.format, paths) })),
        onProgress: (feed, records) => say({ kind: "progress", feed, records }),
      });
      say({ kind: "built", built });
    } catch (error) {
      say({ kind: "failed", reason: error instanceof Error ? error.message : String(error) });
    }
  });
}

function say(message: FromBuilder): void {
  process.send?.(message);
}

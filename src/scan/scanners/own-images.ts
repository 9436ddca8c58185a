import type { Database } from "../../db/index.ts";
import { BreakwaterError, type Digest } from "../../kernel/index.ts";
import type { Images } from "../images/images.ts";
import { toSpdx } from "../sbom/spdx.ts";
import type { OwnScanner } from "./own-scanner.ts";

/** Images that are asked for at once. */
const batchSize = 500;
const stopped = "Somebody stopped the scan.";

/** The built-in scanner as one among others. `registry` is the host by which people know this server. */
export function ownScannerOf(images: Images, database: Database, registry: string | null): OwnScanner {
  return {
    async request(manifestIds) {
      for (const id of manifestIds) await images.request(id);
    },

    async stop(manifestIds) {
      const waiting = (ids: readonly number[] | null) =>
        database.write(async (tx) => {
          const rows = tx.updateTable("image_scan").where("state", "=", "pending");
          await (ids === null ? rows : rows.where("manifest_id", "in", ids))
            .set({ state: "failed", failure: stopped, held_until: null })
            .execute();
        });
      if (manifestIds === undefined) return waiting(null);
      for (let from = 0; from < manifestIds.length; from += batchSize) {
        await waiting(manifestIds.slice(from, from + batchSize));
      }
    },

    async progressSince(at) {
      const rows = await database.read
        .selectFrom("image_scan")
        .select((of) => ["state", of.fn.countAll().as("count")])
        .where("requested_at", ">=", at)
        .groupBy("state")
        .execute();
      const counts = new Map(rows.map(({ state, count }) => [state, Number(count)]));
      const of = (state: "pending" | "running" | "failed" | "done") => counts.get(state) ?? 0;
      return { pending: of("pending"), running: of("running"), failed: of("failed"), done: of("done") };
    },

    summaries: (manifestIds) => images.summary(manifestIds),
    report: (manifestId) => images.report(manifestId),

    async sbom({ manifestId, repository, digest }, at) {
      const inventory = await images.inventory(manifestId);
      if (inventory === null) {
        throw new BreakwaterError(
          "PRECONDITION",
          "Nobody has looked into the image yet, or nobody could: an SBOM can be made when it has been scanned.",
        );
      }
      const document = toSpdx({ repository, digest: digest as Digest, registry, inventory, at });
      return new TextEncoder().encode(JSON.stringify(document));
    },
  };
}

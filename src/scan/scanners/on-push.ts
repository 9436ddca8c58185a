import type { Tx } from "../../db/index.ts";
import type { Events, ManifestPushed } from "../../events/index.ts";
import { imageConfigTypes, imageManifestTypes } from "../../kernel/index.ts";
import { builtIn } from "./registration.ts";
import { scannersOf } from "./registration-store.ts";
import type { Runs } from "./runs.ts";

/**
 * Asks scanners about what is pushed into projects that want it so (Harbor's `auto_scan` and `auto_sbom_generation`).
 * The built-in scanner looks at everything by itself.
 */
export function scanOnPush(events: Events, runs: Runs): void {
  events.on("manifestPushed", async (tx, { manifestId, projectId, subject }: ManifestPushed) => {
    const wanted = await wantedOf(tx, projectId);
    if (wanted.size === 0) return;
    const manifest = await tx
      .selectFrom("manifest")
      .select(["media_type", "config_media_type"])
      .where("id", "=", manifestId)
      .executeTakeFirst();
    // The images of an index are pushed before it.
    if (manifest === undefined || !imageManifestTypes.has(manifest.media_type)) return;
    // What refers to an image is something about it, unless it can be run as one.
    if (subject !== null && !imageConfigTypes.has(manifest.config_media_type)) return;
    const scanner = (await scannersOf(tx, [projectId])).get(projectId) ?? builtIn;
    if (scanner.disabled) return;
    if (wanted.has("auto_scan") && scanner.uuid !== builtIn.uuid) {
      await runs.request(tx, [manifestId], scanner.uuid, "vulnerability", null);
    }
    if (wanted.has("auto_sbom_generation")) await runs.request(tx, [manifestId], scanner.uuid, "sbom", null);
  });
}

async function wantedOf(tx: Tx, projectId: number): Promise<ReadonlySet<string>> {
  const rows = await tx
    .selectFrom("project_metadata")
    .select("name")
    .where("project_id", "=", projectId)
    .where("name", "in", ["auto_scan", "auto_sbom_generation"])
    .where("value", "=", "true")
    .execute();
  return new Set(rows.map(({ name }) => name));
}

import type { Selectable } from "kysely";
import { batches, type ImageScanTable } from "../../db/index.ts";
import type { ImageInventory } from "../inventory/package.ts";
import { coverageOf } from "../match/coverage.ts";
import type { ImagePart } from "../match/parts.ts";
import type { Report, ReportSummary } from "../report.ts";
import { decompress } from "./compressed-json.ts";
import { countsOf } from "./counts.ts";
import { findingsOf } from "./image-findings.ts";
import { type MatchedData, readMatchedData } from "./matched.ts";
import type { ImagesOptions } from "./options.ts";

/** The built-in scanner's name. */
export const ownScanner = "Breakwater";

const stopped = "The scan was stopped before it began.";

/** What the built-in scanner says of images, by the ids of their manifests. */
export class Reports {
  readonly #options: ImagesOptions;

  constructor(options: ImagesOptions) {
    this.#options = options;
  }

  /** Images that are not in the queue and never were, and what is no image, are left out. */
  async summaries(manifestIds: readonly number[]): Promise<ReadonlyMap<number, ReportSummary>> {
    const found = new Map<number, ReportSummary>();
    if (manifestIds.length === 0) return found;
    const { read } = this.#options.database;
    const data = await readMatchedData(read);
    for (const ids of batches(manifestIds)) {
      const rows = await read.selectFrom("image_scan").selectAll().where("manifest_id", "in", ids).execute();
      for (const row of rows) found.set(row.manifest_id, this.#summarise(row, data));
    }
    return found;
  }

  /** Null where there is not even a summary; without findings as long as there is no inventory. */
  async report(manifestId: number): Promise<Report | null> {
    const summary = (await this.summaries([manifestId])).get(manifestId);
    if (summary === undefined) return null;
    const inventory = await this.inventory(manifestId);
    if (inventory === null) return { ...summary, findings: [] };
    const { database, current } = this.#options;
    return { ...summary, findings: await findingsOf(database.read, manifestId, inventory, current()) };
  }

  /** What is inside an image; null where nobody has looked yet. */
  async inventory(manifestId: number): Promise<ImageInventory | null> {
    const row = await this.#options.database.read
      .selectFrom("image_inventory")
      .select("content")
      .where("manifest_id", "=", manifestId)
      .executeTakeFirst();
    return row === undefined ? null : decompress<ImageInventory>(row.content);
  }

  #summarise(row: Selectable<ImageScanTable>, { matched, lookedAt }: MatchedData): ReportSummary {
    const { clock, maxAge } = this.#options;
    const coverage = coverageOf(row.parts === null ? [] : (JSON.parse(row.parts) as readonly ImagePart[]), {
      manifest: matched?.manifest ?? null,
      undecided: row.undecided === null ? {} : JSON.parse(row.undecided),
      now: clock(),
      lookedAt,
      maxAge,
    });
    const times = coverage.map(({ asOf }) => asOf).filter((time) => time !== null);
    return {
      scanner: ownScanner,
      ...stateOf(row),
      reportedAt: row.inventoried_at === null ? null : Math.max(row.inventoried_at, matched?.at ?? 0),
      dataAsOf: times.length === 0 ? null : Math.min(...times),
      coverage,
      counts: countsOf(row),
      fixable: row.fixable,
    };
  }
}

/** Of one that was stopped, what there was before stands. */
function stateOf({ state, failure, inventoried_at }: Selectable<ImageScanTable>) {
  if (state !== "stopped") return { state, failure };
  if (inventoried_at !== null) return { state: "done", stopped: true, failure: null } as const;
  return { state: "failed", stopped: true, failure: stopped } as const;
}

import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { buildInProcess } from "../../src/scan/feeds/build/process.ts";
import type { Scenario } from "../scenario.ts";
import { limit, seconds } from "../statistics.ts";

/** OSV's Go database of August 2026, in the folder that lies beside this repository. */
const archive = join(import.meta.dir, "../../../shared/feeds/osv/Go/all.zip");
const records = 4_274;

/** A feed compiled as a server does it: in a process of its own, from its start to the finished file. */
export const vulndb: Scenario = {
  name: "vulndb",
  needs: [],
  alone: true,
  async run(bench) {
    if (!existsSync(archive)) throw new Error("../shared/feeds/osv/Go/all.zip is not there");
    const target = join(bench.folder, "vulndb.sqlite");
    const times: number[] = [];
    for (let run = 0; run < bench.runs; run++) {
      await rm(target, { force: true });
      const started = performance.now();
      const { manifest } = await buildInProcess(
        {
          ...{ target, previous: null, drop: [], builtAt: Date.now() },
          feeds: [
            {
              ...{ name: "go", format: "osv", source: archive, paths: [archive] },
              ...{ fetchedAt: Date.now(), sha256: "0".repeat(64), asOf: null },
            },
          ],
        },
        () => {},
        AbortSignal.timeout(120_000),
      );
      times.push((performance.now() - started) / 1000);
      if (manifest.feeds[0]?.records !== records) throw new Error("the compiled database is not whole");
    }
    return [limit("compiling OSV's Go database, 4,291 records", seconds, times, 5)];
  },
};

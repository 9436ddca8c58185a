import { rm } from "node:fs/promises";
import { join } from "node:path";
import { startBreakwater } from "../peers/breakwater.ts";
import type { Scenario } from "../scenario.ts";
import { limit, megabytes, milliseconds } from "../statistics.ts";
import { residentMemory } from "../tools/memory.ts";

/** From the start of the process to the first good answer of its health check, and what it holds while idle. */
export const startup: Scenario = {
  name: "startup",
  needs: ["openssl"],
  alone: true,
  async run(bench) {
    const { certificate } = bench;
    const folder = join(bench.folder, "data");
    const first: number[] = [];
    const later: number[] = [];
    const idle: number[] = [];
    for (let run = 0; run < bench.runs; run++) {
      await rm(folder, { recursive: true, force: true });
      {
        await using peer = await startBreakwater({ folder, certificate, scheme: "https" });
        first.push(peer.readyAfter);
      }
      await using peer = await startBreakwater({ folder, certificate, scheme: "https" });
      later.push(peer.readyAfter);
      await Bun.sleep(3_000);
      idle.push(residentMemory(peer.pid));
    }
    return [
      limit("ready, first start on an empty folder", milliseconds, first, 1000),
      limit("ready, later start", milliseconds, later, 1000),
      limit("idle memory", megabytes, idle, 150e6),
    ];
  },
};

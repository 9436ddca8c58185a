import { stat } from "node:fs/promises";
import { decodeLayerInventory, defaultLimits } from "../../src/scan/inventory/index.ts";
import { readerArguments, readerEnvironment } from "../../src/scan/inventory/process/reader-process.ts";
import type { Scenario } from "../scenario.ts";
import { bytesPerSecond, limit, median, megabytes } from "../statistics.ts";
import { DebianImage } from "../tools/debian-image.ts";
import { output } from "../tools/process.ts";

/** The process that reads a layer, on a Debian root with its package database: its speed by its own processor time. */
export const inventory: Scenario = {
  name: "inventory",
  needs: ["tar", "dpkg-query", "gzip", "zstd"],
  alone: true,
  async run(bench) {
    const { tar } = await DebianImage.make(bench.folder, bench.quick ? 20e6 : 200e6);
    const database = ["etc/os-release", "usr/lib/os-release", "var/lib/dpkg/status", "var/lib/dpkg/info"];
    await output(["tar", "--append", "--file", tar, "--directory", "/", ...database]);
    await output(["gzip", "--keep", tar]);
    await output(["zstd", "--quiet", "--keep", tar]);
    const { size } = await stat(tar);
    const rows = [];
    const memory: number[] = [];
    for (const [compression, suffix] of [
      ["gzip", ".gz"],
      ["zstd", ".zst"],
    ] as const) {
      const speeds: number[] = [];
      for (let run = 0; run < bench.runs; run++) {
        const { seconds, peak } = await read(`${tar}${suffix}`);
        speeds.push(size / seconds);
        memory.push(peak);
      }
      rows.push({
        figure: `inventory of a ${megabytes.show(size)} Debian layer (${compression}), per core`,
        breakwater: bytesPerSecond.show(median(speeds)),
        target: "≥ 150 MB/s",
        met: median(speeds) >= 150e6,
      });
    }
    return [...rows, limit("inventory of a Debian layer: peak memory", megabytes, memory, 300e6)];
  },
};

/** Processor seconds of all threads, start of the process included, and the bytes that it held at most. */
async function read(layer: string): Promise<{ seconds: number; peak: number }> {
  const order = { limits: defaultLimits, temporaryFolder: "/tmp", links: [] };
  const reader = Bun.spawn(readerArguments(order), {
    stdin: Bun.file(layer),
    stdout: "pipe",
    env: readerEnvironment,
  });
  const stored = await reader.stdout.bytes();
  if ((await reader.exited) !== 0) throw new Error(Buffer.from(stored).toString("utf8"));
  const packages = decodeLayerInventory(stored)?.files.flatMap((file) => file.packages) ?? [];
  if (packages.length < 100) throw new Error(`the inventory has ${packages.length} packages`);
  const usage = reader.resourceUsage();
  if (usage === undefined) throw new Error("the system does not say what the process has used");
  return { seconds: Number(usage.cpuTime.total) / 1e6, peak: usage.maxRSS };
}

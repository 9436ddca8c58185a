import { join } from "node:path";
import { provision } from "./provision.ts";
import { type Report, readReport } from "./support/junit.ts";
import { temporaryDirectory } from "./support/temporary-directory.ts";

/** Only a hang should reach it: a slow machine with two cores must not. */
const TEST_TIMEOUT = 180_000;
const ROOT = join(import.meta.dir, "..");

await provision();
await using directory = await temporaryDirectory("report");
const filters = process.argv.slice(2);
/** Much of the time tests wait for servers to start and to stop: two at once fill two cores. */
const shards = filters.length > 0 ? 1 : 2;

async function runShard(shard: number): Promise<Report> {
  const reportFile = join(directory.path, `junit-${shard}.xml`);
  const child = Bun.spawn(
    [
      process.execPath,
      "test",
      // Servers that a test started do not outlive it, however it ends.
      "--no-orphans",
      `--timeout=${TEST_TIMEOUT}`,
      `--shard=${shard}/${shards}`,
      "--reporter=junit",
      `--reporter-outfile=${reportFile}`,
      ...(filters.length > 0 ? filters : ["./test", "./src"]),
    ],
    { cwd: ROOT, stdin: "ignore", stdout: "inherit", stderr: "inherit" },
  );
  const code = await child.exited;
  const report = await readReport(reportFile);
  // A file that does not load, or an error outside any test, shows in the exit code alone.
  return { ...report, failed: code !== 0 ? Math.max(report.failed, 1) : report.failed };
}

const reports = await Promise.all(Array.from({ length: shards }, (_, index) => runShard(index + 1)));
const count = (outcome: "passed" | "failed") => reports.reduce((sum, report) => sum + report[outcome], 0);
const [passed, failed] = [count("passed"), count("failed")];
const skipped = reports.flatMap((report) => report.skipped);
if (skipped.length > 0) console.log("\nSkipped:");
for (const name of skipped) console.log(`  ${name}`);
if (passed + failed === 0) console.log("\nNo test ran.");
console.log(`\n${passed} passed, ${failed} failed, ${skipped.length} skipped`);
process.exitCode = failed > 0 || passed === 0 ? 1 : 0;

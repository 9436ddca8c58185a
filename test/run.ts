import { join } from "node:path";
import { provision } from "./provision.ts";
import { readReport } from "./support/junit.ts";
import { temporaryDirectory } from "./support/temporary-directory.ts";

/** Only a hang should reach it: a slow machine with two cores must not. */
const TEST_TIMEOUT = 180_000;
const ROOT = join(import.meta.dir, "..");

await provision();
await using directory = await temporaryDirectory("report");
const reportFile = join(directory.path, "junit.xml");
const filters = process.argv.slice(2);
const child = Bun.spawn(
  [
    process.execPath,
    "test",
    // Servers that a test started do not outlive it, however it ends.
    "--no-orphans",
    `--timeout=${TEST_TIMEOUT}`,
    "--reporter=junit",
    `--reporter-outfile=${reportFile}`,
    ...(filters.length > 0 ? filters : ["./test", "./src"]),
  ],
  { cwd: ROOT, stdin: "ignore", stdout: "inherit", stderr: "inherit" },
);
const code = await child.exited;

const report = await readReport(reportFile);
// A file that does not load, or an error outside any test, shows in the exit code alone.
const failed = code !== 0 ? Math.max(report.failed, 1) : report.failed;
if (report.skipped.length > 0) console.log("\nSkipped:");
for (const name of report.skipped) console.log(`  ${name}`);
if (report.passed + failed === 0) console.log("\nNo test ran.");
console.log(`\n${report.passed} passed, ${failed} failed, ${report.skipped.length} skipped`);
process.exitCode = failed > 0 || report.passed === 0 ? 1 : 0;

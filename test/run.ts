import { readdir } from "node:fs/promises";
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
const atOnce = 2;
/** Folders that take longest are begun first, so that both ends meet. */
const longest = ["crash", "clients", "scan", "api", "trust"];

/** Each folder is a run of its own, unless somebody says which tests are meant. */
async function findParts(): Promise<string[][]> {
  if (filters.length > 0) return [filters];
  const entries = await readdir(import.meta.dir, { withFileTypes: true });
  const folders = entries.filter((entry) => entry.isDirectory() && entry.name !== "support");
  const rank = (name: string) => (longest.includes(name) ? longest.indexOf(name) : longest.length);
  const names = folders.map(({ name }) => name).sort((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1));
  return names.map((name) => [`./test/${name}/`]);
}

async function runPart(tests: readonly string[], number: number): Promise<Report> {
  const reportFile = join(directory.path, `junit-${number}.xml`);
  const child = Bun.spawn(
    [
      process.execPath,
      "test",
      // Servers that a test started do not outlive it, however it ends.
      "--no-orphans",
      `--timeout=${TEST_TIMEOUT}`,
      "--reporter=junit",
      `--reporter-outfile=${reportFile}`,
      ...tests,
    ],
    { cwd: ROOT, stdin: "ignore", stdout: "inherit", stderr: "inherit" },
  );
  const code = await child.exited;
  const report = await readReport(reportFile);
  // A file that does not load, or an error outside any test, shows in the exit code alone.
  return { ...report, failed: code !== 0 ? Math.max(report.failed, 1) : report.failed };
}

const parts = (await findParts()).entries();
const reports: Report[] = [];
async function work(): Promise<void> {
  for (const [number, tests] of parts) reports.push(await runPart(tests, number));
}
await Promise.all(Array.from({ length: atOnce }, work));
const count = (outcome: "passed" | "failed") => reports.reduce((sum, report) => sum + report[outcome], 0);
const [passed, failed] = [count("passed"), count("failed")];
const skipped = reports.flatMap((report) => report.skipped);
if (skipped.length > 0) console.log("\nSkipped:");
for (const name of skipped) console.log(`  ${name}`);
if (passed + failed === 0) console.log("\nNo test ran.");
console.log(`\n${passed} passed, ${failed} failed, ${skipped.length} skipped`);
process.exitCode = failed > 0 || passed === 0 ? 1 : 0;

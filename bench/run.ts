import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { type Options, parseOptions, usage } from "./options.ts";
import { renderReport, writeReport } from "./report.ts";
import { notRun, type Row, type Scenario } from "./scenario.ts";
import { scenarios } from "./scenarios/index.ts";
import { type Certificate, makeCertificate } from "./tools/certificate.ts";
import { stopAll } from "./tools/process.ts";
import { removeWorkdirs, Workdir } from "./tools/workdir.ts";

async function main(): Promise<number> {
  const options = parseOptions(process.argv.slice(2));
  if (options === undefined) {
    console.log(`${usage}\n\nScenarios: ${scenarios.map(({ name }) => name).join(", ")}`);
    return 0;
  }
  const chosen = choose(options);
  await using workdir = await Workdir.make();
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, async () => {
      await stopAll();
      removeWorkdirs();
      process.exit(130);
    });
  }
  const certificate = await makeCertificate(workdir.path);
  const rows: Row[] = [];
  for (const scenario of chosen) {
    console.error(`${scenario.name} …`);
    const folder = join(workdir.path, scenario.name);
    rows.push(...(await runOne(scenario, options, folder, certificate)));
  }
  const report = await renderReport(rows, options);
  console.log(report);
  if (options.write) await writeReport(report);
  return rows.every((row) => row.met) ? 0 : 1;
}

function choose(options: Options): readonly Scenario[] {
  const unknown = options.only.filter((name) => !scenarios.some((scenario) => scenario.name === name));
  if (unknown.length > 0) throw new Error(`no scenario ${unknown.join(", ")}\n\n${usage}`);
  return scenarios.filter(
    ({ name, alone }) =>
      (options.only.length === 0 || options.only.includes(name)) && !(options.selfCheck && alone),
  );
}

/** One scenario that fails leaves a row that says so; the others still count. */
async function runOne(
  scenario: Scenario,
  options: Options,
  folder: string,
  certificate: Certificate,
): Promise<Row[]> {
  const missing = scenario.needs.filter((program) => Bun.which(program) === null);
  if (missing.length > 0) return [notRun(scenario.name, `needs ${missing.join(", ")} on the PATH`)];
  await mkdir(folder, { recursive: true });
  try {
    return await scenario.run({ ...options, folder, certificate });
  } catch (error) {
    console.error(error);
    return [notRun(scenario.name, error)];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

process.exitCode = await main();

import { describeMachine } from "./machine.ts";
import type { Options } from "./options.ts";
import type { Row } from "./scenario.ts";

const begin = "<!-- bench:begin -->";
const end = "<!-- bench:end -->";
const page = new URL("../docs/benchmarks.md", import.meta.url);

export async function renderReport(rows: readonly Row[], options: Options): Promise<string> {
  const other = options.selfCheck ? "docker-registry again" : "Breakwater";
  const facts = [
    ...(await describeMachine()),
    `Each figure is the median of ${options.runs} interleaved runs.`,
  ];
  if (options.quick) facts.push("Quick: the data is smaller than the lines say. These are no figures.");
  return [
    ...facts.map((fact) => `- ${fact}`),
    "",
    `| Figure | docker-registry | ${other} | Ratio | Target | |`,
    "|---|--:|--:|--:|---|---|",
    ...rows.map(renderRow),
  ].join("\n");
}

function renderRow(row: Row): string {
  const ratio = row.ratio === undefined ? "" : `${row.ratio.toFixed(2)}×`;
  const verdict = row.met ? "pass" : "**miss**";
  return `| ${[row.figure, row.baseline ?? "", row.breakwater, ratio, row.target, verdict].join(" | ")} |`;
}

/** Replaces what stands between the markers; the words around it are a person's and stay. */
export async function writeReport(report: string): Promise<void> {
  const file = Bun.file(page);
  const text = await file.text();
  const from = text.indexOf(begin);
  const to = text.indexOf(end);
  if (from < 0 || to < from) throw new Error(`docs/benchmarks.md lacks its markers ${begin} and ${end}`);
  await file.write(`${text.slice(0, from + begin.length)}\n${report}\n${text.slice(to)}`);
}

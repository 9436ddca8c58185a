import { cpus, release, totalmem } from "node:os";
import { output } from "./tools/process.ts";

/** What the figures were taken on: without it a ratio cannot be judged or repeated. */
export async function describeMachine(): Promise<string[]> {
  const cores = cpus();
  const model = cores[0]?.model.trim() ?? "unknown processor";
  const memory = (totalmem() / 2 ** 30).toFixed(0);
  return [
    `Date: ${new Date().toISOString().slice(0, 10)}`,
    `Machine: ${model}, ${cores.length} cores, ${memory} GiB of memory, Linux ${release()}`,
    `Versions: Breakwater ${await revision()}, Bun ${Bun.version}, ${await programs()}`,
  ];
}

async function revision(): Promise<string> {
  const commit = await output(["git", "-C", import.meta.dir, "describe", "--always", "--dirty"]).catch(
    () => "",
  );
  return commit.trim() || "(no repository)";
}

async function programs(): Promise<string> {
  const asked = [
    ["docker-registry", "--version"],
    ["dockerd", "--version"],
    ["curl", "--version"],
    ["wrk", "--version"],
  ];
  const found: string[] = [];
  for (const [name = "", flag = ""] of asked) {
    const text = await output([name, flag], { anyExit: true }).catch(() => "");
    const version = /\d+\.\d+[\w.+-]*/.exec(text)?.[0];
    if (version) found.push(`${name} ${version}`);
  }
  return found.join(", ");
}

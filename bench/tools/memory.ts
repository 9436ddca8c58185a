import { readdirSync, readFileSync, writeFileSync } from "node:fs";

/** A process and all its descendants: a server may use several, and all of its memory counts. */
export function processTree(pid: number): number[] {
  const children = readdirSync(`/proc/${pid}/task`).flatMap((task) =>
    readFileSync(`/proc/${pid}/task/${task}/children`, "utf8").split(" ").filter(Boolean).map(Number),
  );
  return [pid, ...children.flatMap(processTree)];
}

/** Forgets the peak so far, so that the next one read belongs to the run in between (proc(5), clear_refs). */
export function resetPeak(pid: number): void {
  for (const each of processTree(pid)) writeFileSync(`/proc/${each}/clear_refs`, "5");
}

export function peakMemory(pid: number): number {
  return sum(pid, "VmHWM");
}

export function residentMemory(pid: number): number {
  return sum(pid, "VmRSS");
}

function sum(pid: number, field: string): number {
  return processTree(pid).reduce((total, each) => {
    const status = readFileSync(`/proc/${each}/status`, "utf8");
    const kilobytes = new RegExp(`^${field}:\\s*(\\d+) kB`, "m").exec(status)?.[1];
    if (kilobytes === undefined) throw new Error(`/proc/${each}/status has no ${field}`);
    return total + Number(kilobytes) * 1024;
  }, 0);
}

import { readFileSync } from "node:fs";

const interval = 100;

/**
 * Calls `onExceeded` once the process holds more than `bytes`, looked at ten times a second where the system tells
 * (Linux). The runtime reserves far more address space than it uses, so the system's own limits are of no help.
 */
export function watchMemory(pid: number, bytes: number, onExceeded: () => void): Disposable {
  const timer = setInterval(() => {
    if (residentBytes(pid) > bytes) onExceeded();
  }, interval);
  return { [Symbol.dispose]: () => clearInterval(timer) };
}

function residentBytes(pid: number): number {
  try {
    const status = readFileSync(`/proc/${pid}/status`, "utf8");
    return Number(/^VmRSS:\s*(\d+) kB/m.exec(status)?.[1] ?? 0) * 1024;
  } catch {
    // It has ended, or the system has no /proc.
    return 0;
  }
}

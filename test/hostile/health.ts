import { expect } from "bun:test";
import { readdir, readFile } from "node:fs/promises";
import { breakwater } from "../command-line/breakwater.ts";
import type { Breakwater } from "../support/breakwater.ts";

/** The server lives, and nothing it was sent made it fail. */
export async function expectUnharmed(server: Breakwater): Promise<void> {
  expect((await server.fetch("/api/v2.0/health")).status).toBe(200);
  const failures = (await server.logs())
    .split("\n")
    .filter((line) => /"level":"(error|fatal)"|panic/.test(line));
  expect(failures).toEqual([]);
}

/** Database and storage agree, down to the bytes, and nothing is left over. */
export async function expectClean(server: Breakwater): Promise<void> {
  const { code, output } = await breakwater(["fsck", "--deep", "--config", server.configFile]);
  expect(code, output).toBe(0);
}

/** Bytes of memory that the server's process occupies. */
export async function memoryOf(server: Breakwater): Promise<number> {
  const status = await readFile(`/proc/${server.pid}/status`, "utf8");
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024;
}

/** How many files and sockets the server's process has open. */
export async function openFilesOf(server: Breakwater): Promise<number> {
  return (await readdir(`/proc/${server.pid}/fd`)).length;
}
